#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 120
# smp: threads
# also: threadirqs rt
#
# The GPIO chips of the tests do what the tests take for granted.

. "$SRC/tests/suites/chip.bash"

# refuses TEXT: no chip comes of it.
refuses() {
	! echo "$1" 2> /dev/null > $chips/new
}

ok "a chip comes" chip_new fast lines=8 names=a,b,,led record=16
fast=$dev
ok "and another" chip_new slow sleep
slow=$dev
like "gpiodetect finds them" "$(gpiodetect | tr '\n' ' ')" \
	"^$fast \[fast\] \(8 lines\) $slow \[slow\] \(16 lines\) $"
like "gpioinfo has the names" "$(gpioinfo -c "$fast" | tr -s ' \t\n' ' ')" \
	'line 0: "a" input line 1: "b" input line 2: unnamed input line 3: "led" input'
like "fast does not sleep" "$(grep ', fast' /sys/kernel/debug/gpio)" ', fast:$'
like "slow does" "$(grep ', slow' /sys/kernel/debug/gpio)" ', slow, can sleep:$'
ok "there is no second chip of a label" refuses "fast"
for text in "" "a/b" "x lines=0" "x lines=65" "x lines=9x" "x fast" "x record=0"; do
	ok "nor one of '$text'" refuses "$text"
done

# What is set.
ok "gpioset sets" gpioset -t0 led=1
is "the line is high" "$(level fast 3)" 1
is "and an output" "$(config fast 3)" \
	"out drive=push-pull bias=none debounce=0 irq=none"
is "gpioget as is sees it" "$(gpioget --as-is --numeric led)" 1
echo > $chips/fast/record
text $chips/fast/sets
is "what was recorded is forgotten" "$text$(< $chips/fast/record)" 0
gpioset -t 20ms,20ms,0 a=1 b=0
mapfile -t record < $chips/fast/record
is "each set is recorded, all lines of a call at once" \
	"$(printf '%s,' "${record[@]#* }")" "9 1,9 2,a 3,9 3,"
times=("${record[@]%% *}")
ok "and when" test $((times[3] - times[2])) -ge 20000000
read -r now _ < /proc/uptime
like "in ns since boot" "$((${now/./}0 - times[3] / 1000000))" '^[0-9]{1,4}$'
gpioset -t 1ms,1ms,1ms,1ms,1ms,1ms,1ms,1ms,1ms,1ms,1ms,1ms,1ms,1ms,1ms,0 a=0
text $chips/fast/sets
is "sets are counted" "$text" 20
is "and the last 16 kept" "$(wc -l < $chips/fast/record)" 16
gpioset -t 2ms,0 -c "$slow" 7=1
is "a sleeping chip records too" "$(cut -d' ' -f 2- $chips/slow/record | tr '\n' ,)" \
	"80 80,0 80,"

# What comes from outside.
is "an input that nothing drives is low" "$(gpioget --numeric -c "$fast" 4)" 0
pull fast 4 1
is "driven, it is high" "$(gpioget --numeric -c "$fast" 4)" 1
is "with its neighbour" "$(gpioget --numeric -c "$fast" 4 5)" "1 0"
is "a bias does not win" "$(gpioget --numeric --bias pull-down -c "$fast" 4)" 1
pull fast 4 -1
is "unless the line is let go" "$(gpioget --numeric --bias pull-up -c "$fast" 4)" 1
is "and is shown" "$(config fast 4)" \
	"in drive=push-pull bias=pull-up debounce=0 irq=none"
fails "there is no pull of 2" pull fast 4 2
pull fast 5 1
gpioset -t0 -c "$fast" 5=0
is "an output wins" "$(level fast 5)" 0
gpioset -t0 --drive open-drain -c "$fast" 5=1
is "an open drain that is high does not" "$(level fast 5)" 1
pull fast 5 0
is "either way" "$(level fast 5)" 0
like "and is one" "$(config fast 5)" 'out drive=open-drain'
gpioset -t0 --drive open-source -c "$fast" 5=0
pull fast 5 1
is "nor an open source that is low" "$(level fast 5)" 1
gpioset -t0 --drive push-pull -c "$fast" 5=0
chip_fails fast 5 config 524
gpioset -t0 --drive open-drain -c "$fast" 5=1
like "the kernel goes on without, by itself" "$(config fast 5)" 'in drive=push-pull'
chip_fails fast 5 config 0

# Errors.
chip_fails fast 6 request 16
like "a request fails" "$(complaint gpioset -t0 -c "$fast" 6=1)" "busy"
chip_fails fast 6 request 0
chip_fails fast 6 direction 5
like "a direction fails" "$(complaint gpioset -t0 -c "$fast" 6=1)" "Input/output error"
like "and does not change" "$(config fast 6)" '^in'
chip_fails fast 6 direction 0
chip_fails fast 6 get 110
like "a get fails" "$(complaint gpioget -c "$fast" 6)" "timed out"
like "that of several" "$(complaint gpioget -c "$fast" 5 6)" "timed out"
is "not of another" "$(gpioget --numeric -c "$fast" 5)" 1
chip_fails fast 6 get 0
chip_fails fast 6 config 5
like "a bias fails" "$(complaint gpioget --bias pull-up -c "$fast" 6)" "Input/output error"
chip_fails fast 6 config 0
chip_fails fast 6 set 6
complaint gpioset -t 1ms,0 -c "$fast" 6=1 > /tmp/err
if setters_fail; then
	like "a set fails" "$(< /tmp/err)" "No such device or address"
else
	skip "a set fails" "setters cannot in this kernel"
fi
is "and nothing is set" "$(level fast 6)" 1
echo 1 > $chips/fast/spare
complaint gpioset -t 1ms,1ms,0 -c "$fast" 6=1 > /tmp/err
is "unless it is spared" "$(level fast 6)" 0
is "once" "$(< $chips/fast/spare)" 0
chip_fails fast 6 set 0
chip_fails fast 6 irq 6
like "an interrupt fails" "$(complaint timeout 5 gpiomon -c "$fast" 6)" \
	"No such device or address"
chip_fails fast 6 irq 0
is "and then nothing does" "$(complaint gpioset -t 1ms,0 -c "$fast" 6=1)" ""

# Interrupts.
# mon ARG...: gpiomon in the background, on line 2 of fast.
mon() {
	gpiomon --format '%e %o' -c "$fast" "$@" 2 > /tmp/mon 2> /tmp/mon.err &
	mon=$!
	soon waits fast 2 || echo "# gpiomon does not wait"
}
mon_end() {
	kill $mon 2> /dev/null
	wait $mon 2> /dev/null
}
mon_has() {
	[ "$(wc -l < /tmp/mon)" -ge "$1" ]
}
# pulled LEVEL N: gpiomon has reported N edges. Of edges that are faster than
# it wakes up, it reports one.
pulled() {
	pull fast 2 "$1"
	soon mon_has "$2"
}
pull fast 2 0
mon
like "gpiomon wants both edges" "$(config fast 2)" 'irq=both$'
tracing=/sys/kernel/tracing
echo 'name == "gpiomon"' > $tracing/events/irq/irq_handler_entry/filter
echo 1 > $tracing/events/irq/irq_handler_entry/enable
pulled 1 1
pulled 0 2
pulled 0 2
pulled 1 3
pulled 0 4
is "it reports those there are" "$(tr '\n' , < /tmp/mon)" "1 2,2 2,1 2,2 2,"
echo 0 > $tracing/events/irq/irq_handler_entry/enable
grep name= $tracing/trace > /tmp/trace
is "its handler ran as often, in hard interrupt context" \
	"$(grep -cE '\] [^ ]{2}h' /tmp/trace)" 4
is "nowhere else" "$(wc -l < /tmp/trace)" 4
mon_end
like "it waits no more" "$(config fast 2)" 'irq=none$'
mon --edges rising --debounce-period 5ms
like "one edge, with debouncing" "$(config fast 2)" 'debounce=5000 irq=rising$'
pulled 1 1
pulled 0 1
pulled 1 2
is "it reports that edge" "$(tr '\n' , < /tmp/mon)" "1 2,1 2,"
mon_end

# storm HZ MS: makes one; sets $edges and $irqs to their numbers.
irqs() {
	awk '/gpiomon/ { for (i = 2; $i ~ /^[0-9]+$/; i++) n += $i } END { print n + 0 }' \
		/proc/interrupts
}
storm() {
	local before
	before=$(irqs)
	echo "2 $1 $2" > $chips/fast/storm
	soon storm_over fast
	edges=${text#idle }
	irqs=$(($(irqs) - before))
}
mon
storm 100 300
ok "a storm of 100 Hz lasts 0.3 s ($edges edges)" test "$edges" -ge 5 -a "$edges" -le 31
is "each edge is an interrupt" "$irqs" "$edges"
storm 100000 200
ok "one of 100 kHz is as fast as can be ($edges edges)" test "$edges" -gt $((100 / LAB_SLOW))
is "each edge is an interrupt" "$irqs" "$edges"
echo "2 1000 500" > $chips/fast/storm
fails "there is one at a time" eval "echo '2 1000 500' > $chips/fast/storm"
for text in "16 1000 1" "2 0 1" "2 1000001 1" "2 1 10001" "2 1"; do
	fails "none of '$text'" eval "echo '$text' > $chips/slow/storm"
done

# Unplugged, in a storm.
gpioset led=1 2> /dev/null &
holder=$!
held() {
	gpioinfo -c "$fast" 3 | grep -q consumer=
}
ok "a line is held" soon held
kill -STOP $holder
fails "the module with it" rmmod chr_ext_chip
chip_del fast
fails "unplugged, the chip is gone" test -e $chips/fast
is "all of it" "$(gpiodetect)" "$slow [slow] (16 lines)"
ended() {
	! kill -0 "$1" 2> /dev/null
}
ok "a waiter for edges ends" soon ended $mon
like "namely" "$(< /tmp/mon.err)" "No such device"
fails "an open line still holds the module" rmmod chr_ext_chip
ok "another chip of its label comes" chip_new fast
is "and is new" "$(level fast 3)" 0
kill -CONT $holder
ok "the holder ends" soon ended $holder
fails "there is no chip to unplug twice" chip_del none
chip_unload
fails "and nothing of them is left" test -e $chips

finish
