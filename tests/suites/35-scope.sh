#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 300
# also: threadirqs

. "$SRC/tests/suites/chip.bash"

tracing=/sys/kernel/tracing
instances=$tracing/instances
vcd=/tmp/x.vcd
svg=/tmp/x.svg

# scope ARG...: in the background, from when this returns.
scope() {
	chrext scope "$@" > /tmp/out 2> /tmp/err &
	scope=$!
	soon recording
}
recording() {
	grep -q 1 "$instances/chrext-scope-$scope/events/gpio/enable" 2> /dev/null
}
# scope_end SIGNAL: its status; $edges is the content of the VCD.
scope_end() {
	local status=0
	kill "-$1" "$scope"
	wait "$scope" || status=$?
	edges=$(python3 "$SRC/tests/suites/vcd.py" $vcd) || return
	return $status
}
scoped() {
	scope_end INT || echo "# status $?: $(< /tmp/err)"
}

# The states of a line, one after the other: in the VCD by its name there; in
# the diagram and the SVG by that which is printed.
vcd_states() {
	local name _ state
	while read -r name _ state; do
		[ "$name" != "$1" ] || printf %s "$state"
	done <<< "$edges"
}
drawn() {
	sed -n "s/^$1  //p" /tmp/out | tr -s '_~ -' | tr -d ' \n'
}
svg_states() {
	sed -n "s/.*>$1<\/text><path [^>]* d=\"M[0-9]* \([^\"]*\)\".*/\1/p" $svg |
		sed 's/H[0-9]*V/ /g; s/H[0-9]*//' | sed 's/\b8\b/1/g; s/\b28\b/0/g; s/\b18\b/z/g' |
		tr -d ' \n'
}

chip_new fast lines=8 names=a,b,,led,odd\"n%me || bail "no chip"
fast=$dev
chip_new slow sleep || bail "no chip"
slow=$dev

# What gpioset did, as the chip has it, is what is recorded.
gpioset -t0 led=0 a=0 b=0
echo > $chips/fast/record
export LC_ALL=C
scope -o $vcd --svg $svg
gpioset -t 30ms,30ms,30ms,30ms,0 led=1 a=0
gpioset -t 30ms,30ms,0 -c "$slow" 5=1
ok "SIGINT is a good end" scope_end INT
is "nothing is printed" "$(< /tmp/err)" ""
is "a named line" "$(vcd_states fast.led)" 10101
is "its neighbour" "$(vcd_states fast.a)" 01010
is "one without a name, of another chip" "$(vcd_states slow.slow_5)" 101
is "and no others" "$(cut -d' ' -f 1 <<< "$edges" | sort -u | tr '\n' ' ')" \
	"end fast.a fast.led slow.slow_5 start "

# within: each set that the chip has lies between that edge and the next.
within() {
	local start name ns _ t=() set=() i
	while read -r name ns _; do
		case $name in
		start) start=$ns ;;
		fast.led) t+=($((start + ns))) ;;
		end) t+=($((start + ns))) ;;
		esac
	done <<< "$edges"
	while read -r ns _ bits; do
		[ "$bits" != 9 ] || set+=("$ns")
	done < $chips/fast/record
	echo "edges ${t[*]} sets ${set[*]}"
	[ ${#set[@]} -eq 4 ] || return
	for i in 0 1 2 3; do
		[ "${t[i + 1]}" -le "${set[i]}" ] && [ "${set[i]}" -le "${t[i + 2]}" ] ||
			return
	done
}
ok "at the times of the chip" within
is "the diagram has the same" "$(drawn led) $(drawn a)" '~\_/~\_/~ _/~\_/~\_'
is "with the name of a line that has none" "$(drawn slow:5)" '~\_/~'
is "the SVG has the same" "$(svg_states led) $(svg_states a) $(svg_states slow:5)" \
	"10101 01010 101"
like "and is one" "$(python3 -c 'import sys, xml.dom.minidom as m
print(m.parse(sys.argv[1]).documentElement.tagName)' $svg 2>&1)" '^svg$|No module'
is "its rows are 80 wide" "$(head -n 3 /tmp/out | awk '{ print length }' | sort -u)" 80
ok "nothing is left in tracing" dir_empty $instances

export COLUMNS=50 LC_ALL=C.UTF-8
scope --lines slow:5,led
gpioset -t 30ms,30ms,0 led=1 a=0
scoped
like "lines are those that were asked for" "$(cut -d' ' -f 1 /tmp/out | tr '\n' ' ')" \
	'^slow:5 led  $'
is "in UTF-8" "$(sed -n 's/^led *//p' /tmp/out | tr -s '▁▔' | sed 's/▔▔*/▔/g; s/▁▁*/▁/g')" \
	"▔│▁│▔"
is "as wide as is asked" "$(wc -m <<< "$(head -n 2 /tmp/out | tail -n 1)")" 51
like "with a scale" "$(tail -n 1 /tmp/out)" '^ *\|[0-9]+ (ms|us)'
unset COLUMNS
export LC_ALL=C

# The scale. Where its ticks are depends on when the first edge came.
svg_labels() {
	sed -n '1s/.*width="\([0-9]*\)".*/width \1/p; s/.*translate(\([0-9]*\)).*/left \1/p
		s/.*<text x="\([0-9]*\)" y="[0-9]*"\([^>]*\)>\([0-9]* [a-z]*\)<.*/\1 \3\2/p' $svg |
		awk '$1 == "width" { width = $2; next }
		$1 == "left" { left = $2; next }
		{ n++; end = left + $1 + (/end/ ? 0 : 8 * length($2 " " $3)) }
		end > width || left + $1 < left { print "cut: " $0 }
		END { if (!n) print "no label" }'
}
# The distance to the right edge is less than that between two ticks.
text_labels() {
	tail -n 1 /tmp/out | awk '{
		for (x = 1; x <= length($0); x++)
			if (substr($0, x, 1) == "|") {
				step = x - last
				last = x
			}
		if (80 - last > step)
			print "no tick at the end: " $0
	}'
}
cut=''
for n in 1 2 3 4 5 6; do
	scope --lines led --svg $svg
	gpioset -t $((n * 7))ms,0 led=1
	scoped
	cut+=$(svg_labels; text_labels)
done
is "no tick is missing, and no label cut" "$cut" ""

# When it ends.
scope --count 3 --lines led -o $vcd
gpioset -t 20ms,20ms,20ms,20ms,20ms,0 led=0
ended() {
	! kill -0 "$scope" 2> /dev/null
}
ok "after three edges it ends" soon ended
scope_end INT 2> /dev/null
is "and has them" "$(vcd_states fast.led)" 010
ok "after a time it ends" chrext scope --time 300 --lines led -o $vcd
is "and has nothing" "$tap_output" $'no edges\n'
scope=$! edges=$(python3 "$SRC/tests/suites/vcd.py" $vcd)
is "of that time" "${edges##*$'\n'}" "end 300000000"
for signal in TERM HUP; do
	scope -o $vcd
	gpioset -t0 led=1
	ok "SIG$signal is a good end" scope_end $signal
	is "that keeps the edges" "$(vcd_states fast.led)" 1
	ok "and no tracing" dir_empty $instances
done

# Inputs.
scope -o $vcd
pull fast 6 1
pull fast 6 0
gpioget -c "$fast" 6 > /dev/null
pull fast 6 1
gpioget -c "$fast" 6 > /dev/null
gpioget -c "$fast" 6 > /dev/null
scoped
is "an input has the edges that were read" "$(vcd_states fast.fast_6)" 01

# Inputs that a driver listens to and does not read.
chrext board add edges chr-ext,edges rising=fast:5 falling=fast:7/active-low both=slow:2
ok "a driver that listens" chrext load "$TESTDRIVERS/edges.bpf.o"
scope -o $vcd --svg $svg
# A level counts when the interrupt thread reads it: wait for that. Only this listens.
traced=$instances/edges
mkdir $traced
echo 1 > $traced/events/chr_ext/chr_ext_edge/enable
traced_are() {
	test "$(grep -c chr_ext_edge: $traced/trace)" = "$1"
}
seen=0
for level in 1 0 1 0; do
	pull fast 5 $level
	pull fast 7 $level
	pull slow 2 $level
	seen=$((seen + 2))
	soon traced_are $seen
done
rmdir $traced
scoped
is "its edges are recorded: both" "$(vcd_states slow.slow_2)" 1010
is "those that rise, with what must lie between" "$(vcd_states fast.fast_5)" 101
is "as levels, not values" "$(vcd_states fast.fast_7)" 101
chrext unload edges
chrext board rm edges

# What is no edge.
scope -o $vcd --svg $svg
gpioset -t 1ms,1ms,0 led=1
chip_fails fast 3 direction 5
gpioset -t0 led=0 2> /dev/null
chip_fails fast 3 direction 0
chip_fails fast 6 get 5
gpioget -c "$fast" 6 2> /dev/null
chip_fails fast 6 get 0
gpioget a > /dev/null
gpioset -t0 a=0
gpioget a > /dev/null
gpioset -t0 -c "$fast" 4=1
scoped
is "a line that could not become an output did not change" \
	"$(vcd_states fast.led)" 101
is "nor did one that could not be read" "$(vcd_states fast.fast_6)" ""
is "an output that becomes an input is released until it is read" \
	"$(vcd_states fast.a)" 0z0
is "a name fits VCD" "$(vcd_states fast.odd_n_me)" 1

scope -o $vcd --svg $svg
gpioset -t 100ms,100ms,0 --drive open-drain b=0
scoped
# It may be set to high before it is released.
like "an open drain is released" "$(vcd_states fast.b)" '^01?z0$'
like "and drawn so" "$(drawn b) $(svg_states b)" '^_(\||#|/\|)-\|_ 01?z0$'

# Another tracing instance, and two CPUs.
mkdir $instances/other
echo 1 > $instances/other/events/gpio/gpio_value/enable
scope -o $vcd
taskset 1 gpioset -t 5ms,5ms,5ms,5ms,5ms,0 led=1 &
taskset 2 gpioset -t 5ms,5ms,5ms,5ms,5ms,0 b=0
wait $!
scoped
is "edges of two CPUs" "$(vcd_states fast.led) $(vcd_states fast.b)" "101010 010101"
gpioset -t0 a=1
is "another instance has them too" \
	"$(grep -c ' gpio_value: ' $instances/other/trace)" 13
rmdir $instances/other
is "the top-level buffer does not" "$(< $tracing/set_event)$(grep -v '^#' $tracing/trace)" ""

# Too fast.
scope -o $vcd
echo 4 > "$instances/chrext-scope-$scope/buffer_size_kb"
kill -STOP $scope
command timeout -s INT $((3 * LAB_SLOW)) gpioset -t 100us led=1
kill -CONT $scope
scoped
like "edges that were lost are not hidden" "$(< /tmp/err)" "some edges were lost: "
scope
gpioset -t0 led=1
chip_del slow
gpioset -t0 led=0
scoped
is "a chip goes meanwhile" "$(drawn led)" '~\_'

# Files are replaced at the end, or not at all.
echo old > /tmp/keep.vcd
chmod 640 /tmp/keep.vcd
ln -s keep.vcd /tmp/link.vcd
fails "no recording" chrext scope --lines none -o /tmp/link.vcd --svg /tmp/keep.svg
is "leaves a file as it was" "$(< /tmp/keep.vcd)" old
is "and makes none" "$(cd /tmp && echo keep*)" keep.vcd
scope -o /tmp/link.vcd --svg /tmp/keep.svg
is "nor does one that has begun" "$(< /tmp/keep.vcd)" old
gpioset -t0 led=1
scoped
like "until it ends" "$(< /tmp/keep.vcd)" 'enddefinitions'
is "with the mode that the file had" "$(stat -c %a /tmp/keep.vcd)" 640
is "or that a new one gets" "$(stat -c %a /tmp/keep.svg)" 644
is "and nothing else" "$(cd /tmp && echo keep* "$(readlink link.vcd)")" \
	"keep.svg keep.vcd keep.vcd"

# What cannot be.
is "there is no such line" "$(chrext scope --lines led,none 2>&1)" \
	'chrext: there is no line "none": expected a name or LABEL:OFFSET'
fails "nor a ninth" chrext scope --lines fast:8
for text in 0 -1 1x 1000000001 ''; do
	fails "no time of '$text'" chrext scope --time "$text"
	fails "no count" chrext scope --count "$text"
done
like "the limits are named" "$tap_output" "expected a number, 1 to 1000000000"
fails "a file that cannot be is noticed at once" chrext scope -o /none/x
like "and named" "$tap_output" "cannot write /none/x: No such file"
fails "nor one on a full device" chrext scope --time 50 --svg /dev/full
like "which is named too" "$tap_output" "cannot write /dev/full: No space"
ok "and stays a device" test -c /dev/full
chrext scope --time 50 --lines led | true
ok "a closed pipe leaves nothing in tracing" dir_empty $instances
fails "without privilege" setpriv --reuid 1000 --clear-groups --bounding-set -all \
	--inh-caps -all "$(command -v chrext)" scope
like "the error names what is missing" "$tap_output" "needs CAP_SYS_ADMIN"
fails "list takes no --lines" chrext list --lines led
mount -t tmpfs none /sys/class/gpio
if grep -q ': GPIOs [0-9]' /sys/kernel/debug/gpio; then
	scope --lines led
	gpioset -t0 led=1
	scoped
	like "without sysfs lines are known from debugfs" "$(< /tmp/out)" '^led +~'
else
	skip "without sysfs lines are known from debugfs" "this kernel has no numbers there"
fi
mount -t tmpfs none /sys/kernel/debug
fails "without the kernel's numbers no line is known" chrext scope --lines led
like "with the reason" "$tap_output" "cannot find any line: "
scope -o $vcd
gpioset -t0 led=1
scoped
umount /sys/kernel/debug
umount /sys/class/gpio
like "and lines go by them" "$edges" 'gpio\.gpio5[0-9]+ [0-9]+ 1'
like "a warning names it" "$(< /tmp/err)" "GPIO 5[0-9]+ is shown by its number"
umount $tracing
fails "without tracefs" chrext scope
like "the error has the command" "$tap_output" "run 'mount -t tracefs"
mount -t tracefs tracefs $tracing

# gpio-sim: two banks of one device, and one of another that looks the same.
sims=/sys/kernel/config/gpio-sim
if modprobe gpio-sim 2> /dev/null; then
	for bank in x/one x/two y/one; do
		mkdir -p $sims/$bank/line0
		echo "${bank#*/}" > $sims/$bank/label
		echo "in-${bank/\//-}" > $sims/$bank/line0/name
	done
	echo 1 > $sims/x/live
	echo 1 > $sims/y/live
	scope -o $vcd
	gpioset -t 1ms,0 in-x-one=1
	gpioset -t0 in-x-two=1
	gpioset -t 1ms,1ms,0 in-y-one=1
	scoped
	is "lines of gpio-sim" "$(vcd_states one.in-x-one) $(vcd_states two.in-x-two
		) $(vcd_states one.in-y-one)" "10 1 101"
	is "without a complaint" "$(< /tmp/err)" ""
	for dir in $sims/?; do
		echo 0 > "$dir/live"
		rmdir "$dir"/*/line0 "$dir"/{one,two} "$dir" 2> /dev/null
	done
else
	skip "lines of gpio-sim" "this kernel has none"
fi

ok "nothing is left in tracing" dir_empty $instances
chip_unload
finish
