#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 300
# also: threadirqs rt

. "$SRC/tests/suites/chip.bash"

k=/dev/keys
object=$DRIVERS/keys.bpf.o
us=100000

# board NAME CON_ID=LINE,... ...: a live one for keys.
board() {
	local dir=$boards/$1 con
	shift
	mkdir "$dir"
	echo chr-ext,keys > "$dir/compatible"
	for con; do
		mkdir "$dir/${con%%=*}"
		tr , '\n' <<< "${con#*=}" > "$dir/${con%%=*}/lines"
	done
	echo 1 > "$dir/live"
}

board_gone() {
	echo 0 > "$boards/$1/live"
	rmdir "$boards/$1"/*/ "$boards/$1"
}

load() {
	chrext load "$object" --set debounce_us=$us "$@"
}

# soft LABEL: it cannot debounce.
soft() {
	local line
	for line in "$chips/$1/lines"/*; do
		echo 524 > "$line/errors/config"
	done
}

# keys PULL TEST ARG...
keys() {
	points "$PROGS/keys" $k "$1" $us "${@:2}"
}

# events N: type, code and value of the next N of descriptor 5.
events() {
	timeout 10 dd bs=32 count="$1" <&5 2> /dev/null | od -An -v -w32 -t d4 |
		while read -r _ _ type code value _; do
			printf '%s,%s,%s ' "$type" "$code" "$value"
		done
}

# gone CMD...: takes the device from a reader of what a storm does.
gone() {
	rm -f /tmp/got
	cat $k > /tmp/got 2> /tmp/err &
	ok "a reader gets a lot" soon test -s /tmp/got
	ok "in a storm, $1" timeout 10 "$@"
	fails "the node is gone" test -e $k
	ok "the reader ends" soon ended $!
	like "with ENODEV" "$(< /tmp/err)" "No such device"
}

ended() {
	! kill -0 "$1" 2> /dev/null
}

# turned LABEL: the position after one detent of the encoder.
turned() {
	local got
	for got in "2 1" "3 1" "2 0" "3 0"; do
		# shellcheck disable=SC2086
		pull "$1" $got
	done
	got=$(events 1)
	got=${got% }
	echo "${got##*,}"
}

# glitches LABEL: two edges that make one interrupt do no lasting harm.
glitches() {
	local before
	exec 5< $k
	before=$(turned "$1")
	echo 1 > "$chips/$1/lines/2/glitch"
	# Edges of a controller that sleeps are right again when a burst is over.
	sleep 0.2
	is "$1: the encoder counts on after two edges at once" "$(turned "$1")" $((before + 1))
	exec 5<&-
}

chip_new fast lines=40
soft fast
pulls=$chips/fast/lines/%d/pull
board b keys=fast:0,fast:1 encoder=fast:2,fast:3
ok "keys loads" load
keys "$pulls" all
is "each edge was an event, and none lost" "$(count keys lost_events)" 0
glitches fast
is "no op returned nonsense" "$(count keys bad_returns)" 0
like "chrext show counts them" "$(chrext show keys)" "  events +[1-9][0-9]*"$'\n'".*  lost_events +0"

# A newer version, while a button is held.
exec 5< $k
pull fast 1 1
is "a button is pressed" "$(events 1)" "1,1,1 "
ok "another version takes over" chrext replace "$object" --set debounce_us=$us
pull fast 1 0
is "an open file gets its release" "$(events 1)" "1,1,0 "
pull fast 1 1
is "and pressed" "$(events 1)" "1,1,1 "
pull fast 1 0
sleep 0.3
exec 5<&-
keys "$pulls" detach chrext unload keys

# In a storm, where buttons are looked at so seldom that edges are lost.
us=500000
ok "keys loads" load
keys "$pulls" storm $chips/fast/storm "$class/keys/statistics"
is "no op returned nonsense" "$(count keys bad_returns)" 0
echo "0 100000 10000" > $chips/fast/storm
gone chrext unload keys
ok "it is loaded in a storm" load
gone bash -c "echo 0 > $boards/b/live"
like "and the storm goes on" "$(< $chips/fast/storm)" "^running"
ok "until it ends" soon storm_over fast
pull fast 0 0
us=100000
chrext unload keys
board_gone b

# Detents.
for detent in 2 1; do
	board b keys=fast:0 encoder=fast:2,fast:3
	ok "a detent every $detent steps" load --set detent=$detent
	exec 5< $k
	for step in "2 1" "3 1" "2 0" "3 0" "3 1" "2 1"; do
		# shellcheck disable=SC2086
		pull fast $step
	done
	case $detent in
	2) is "counts twice a period" "$(events 3)" "2,0,1 2,0,2 2,0,1 " ;;
	1) is "counts each" "$(events 6)" "2,0,1 2,0,2 2,0,3 2,0,4 2,0,3 2,0,2 " ;;
	esac
	exec 5<&-
	pull fast 2 0
	pull fast 3 0
	chrext unload keys
	board_gone b
done

# Lines that are active when low, and no encoder.
pull fast 4 1
board b "keys=fast:4 active-low"
ok "an encoder need not be" load
exec 5< $k
pull fast 4 0
is "a line that is active-low is pressed" "$(events 1)" "1,0,1 "
exec 5<&-
chrext unload keys
board_gone b

# What cannot be: the driver is there, but no device.
refuses() {
	ok "$1" load "${@:3}"
	fails "is refused" test -e $k
	like "the log has the reason" "$(chrext log keys --no-follow)" "$2"
	chrext unload keys
}
board b keys=fast:0 encoder=fast:2
refuses "a detent of 3" "err: .*detent is 3, of 1, 2, 4" --set detent=3
refuses "a debounce_us of 1000001" "err: debounce_us is 1000001, at most 1000000" \
	--set debounce_us=1000001
refuses "an encoder of one line" "err: there are 1 lines, not 2 to 2"
board_gone b
board b keys=fast:0 encoder=fast:1,fast:2,fast:3
refuses "an encoder of three" "err: there are 3 lines, not 2 to 2"
board_gone b
board b "keys=$(printf 'fast:%d,' {0..31})fast:32"
refuses "33 buttons" "err: there are 33 lines, not 1 to 32"
board_gone b
board b "keys=$(printf 'fast:%d,' {0..30})fast:31"
ok "32 buttons" load
exec 5< $k
pull fast 31 1
is "are possible" "$(events 1)" "1,31,1 "
exec 5<&-
like "and the driver listens to the last line" "$(config fast 31)" "debounce=0 irq=both"
chrext unload keys
board_gone b
chip_fails fast 1 irq 6
board b keys=fast:0,fast:1
ok "a button that cannot interrupt" load
fails "is refused" test -e $k
like "the kernel log has the reason" "$(refusals)" "keys: refused: probe of keys failed: -ENXIO"
like "and the other one is let go" "$(config fast 0)" "irq=none"
chrext unload keys
board_gone b
chip_del fast

# A controller that can debounce, and sleeps.
chip_new slow lines=8 sleep
board b keys=slow:0,slow:1 encoder=slow:2,slow:3
ok "keys loads on a chip that sleeps" load
like "which debounces" "$(config slow 1)" "debounce=100000 irq=both"
like "but not the encoder" "$(config slow 2)" "debounce=0 irq=both"
keys "$chips/slow/lines/%d/pull" all
glitches slow
is "no op returned nonsense" "$(count keys bad_returns)" 0

chrext unload keys
board_gone b
chip_del slow

# A controller that goes.
if chip_new plug bound 2> /dev/null; then
	board b keys=plug:0,plug:1 encoder=plug:2,plug:3
	ok "keys loads on a chip that can be unplugged" load
	keys "$chips/plug/lines/%d/pull" detach bash -c "echo plug > $chips/del"
	fails "unplugged, the node is gone" test -e $k
	chrext unload keys
	board_gone b
else
	skip "the chip is unplugged" "that of the tests has no driver here"
fi
chip_unload

# The kernel's own chip, whose lines sleep.
sim=/sys/kernel/config/gpio-sim/sim
if modprobe gpio-sim 2> /dev/null; then
	mkdir $sim $sim/bank
	echo 4 > $sim/bank/num_lines
	echo sim > $sim/bank/label
	echo 1 > $sim/live
	text $sim/dev_name
	name=$text
	dir=$(echo /sys/devices/platform/$name/gpiochip*)
	board b keys=sim:0,sim:1 encoder=sim:2,sim:3
	ok "keys loads on gpio-sim" load
	keys "$dir/sim_gpio%d/pull" all
	keys "$dir/sim_gpio%d/pull" detach \
		bash -c "echo $name > $drivers/gpio-sim/unbind"
	fails "without its controller, the node is gone" test -e $k
	echo $name > $drivers/gpio-sim/bind
	ok "and comes back with it" soon test -e $k
	chrext unload keys
	board_gone b
	echo 0 > $sim/live
	rmdir $sim/bank $sim
else
	skip "keys on gpio-sim" "this kernel has none"
fi
finish
