#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 240
# also: threadirqs
#
# What the kfuncs on GPIO lines refuse.

. "$SRC/tests/suites/chip.bash"

pins=$TESTDRIVERS/pins.bpf.o
timer=1
[[ $(uname -v) != *PREEMPT_RT* ]] || timer=0
setters=0
! grep -q GPIO_SET_ "$KMODS/.chr_ext_chip.o.cmd" || setters=1

chip_new fast lines=64
chip_new slow sleep
chrext board add fast chr-ext,pins data=fast:0,fast:1,fast:2

# Requests in probe that fail.
# unbound CON WHY [ARG...]: the driver loads, but probe fails for the reason WHY.
unbound() {
	local con=$1 why=$2
	shift 2
	ok "a driver that requests con_id number $con $*" chrext load "$pins" --set timer=$timer --set con="$con" "$@"
	is "prints the reason" "$tap_output" \
		'chrext: driver "pins" is loaded, but not bound to all hardware: '"$why"$'\n'
	fails "and has no device" test -e /dev/pins
	is "and no line" "$(gpioinfo | grep -c consumer=)" 0
	chrext unload pins
}
rule="a con_id has 1 to 31 characters, and flags are at most 3"
unbound 1 'fast has no lines "none"'
unbound 2 "$rule"
unbound 3 'fast has no lines "ccccccccccccccccccccccccccccccc"'
unbound 4 "$rule"
unbound 5 "$rule"
unbound 0 "$rule" --set how=4
unbound 7 'fast has no lines "c0"'
chip_fails fast 1 request 5
unbound 0 'cannot get the lines "data": -EIO'
chip_fails fast 1 request 16
unbound 0 'a line of "data" is in use'
chip_fails fast 1 request 0
chip_fails fast 2 direction 110
unbound 0 'cannot get the lines "data": -ETIMEDOUT' --set how=2
chip_fails fast 2 direction 0
chrext board rm fast
chrext board add long chr-ext,pins \
	"$(printf 'c%.0s' {1..31})=fast:0"
ok "a con_id of 31 characters" chrext load "$pins" --set timer=$timer --set con=3
ok "has lines" test -c /dev/pins
chrext unload pins
chrext board rm long
args=()
for i in {0..16}; do
	args+=("c$i=fast:$i")
done
chrext board add many chr-ext,pins "${args[@]}"
ok "17 con_ids are one too many" chrext load "$pins" --set timer=$timer --set con=7
like "with the reason" "$tap_output" "the device has 16 con_ids already"
fails "there is no device" test -e /dev/pins
is "and no line is kept" "$(gpioinfo | grep -c consumer=)" 0
chrext unload pins
chrext board rm many
mkdir $boards/wide $boards/wide/data
echo chr-ext,pins > $boards/wide/compatible
for i in {0..63}; do
	echo "fast:$i" > $boards/wide/data/lines
done
echo 1 > $boards/wide/live
ok "64 lines of a con_id, asked for twice" chrext load "$pins" --set timer=$timer --set con=6 --set how=1
is "are one handle, as it was first" "$(gpioinfo -c "$(gpiodetect | sed -n 's/ \[fast].*//p')" | grep -c 'input.*consumer=.*pins:data')" 64
chrext unload pins
chrext board rm wide

# interrupts: how many the chips have; the kernel sets one up when it is needed.
interrupts() {
	grep -lsx chr_ext_chip /sys/kernel/irq/*/chip_name | wc -l
}
chip_new quick
chrext board add quick chr-ext,pins data=quick:0,quick:1,quick:2
before=$(interrupts)
ok "a driver with an event op" chrext load "$pins" --set timer=$timer
is "has the interrupts of its inputs before it listens" $(($(interrupts) - before)) 3
chrext unload pins
chrext board rm quick

# Two devices, so that each has handles that the other has not.
chrext board add fast chr-ext,pins data=fast:0,fast:1,fast:2
chrext board add slow chr-ext,pins data=slow:0,slow:1,slow:2
text $boards/fast/dev_name
fast=$text
ok "two devices" chrext load "$pins" --set timer=$timer --set how=1 --set instances=2
points "$PROGS/pins" args /dev/pins0 /dev/pins1
before=$(call /dev/pins0 rw i:0x7002,0)
echo "$fast" > $bus/drivers/chr_ext.pins/unbind
echo "$fast" > $bus/drivers/chr_ext.pins/bind
ok "a device that comes again" test "$(call /dev/pins0 rw i:0x7002,0)" -gt "$before"
is "had its lines when it was removed" "$(call /dev/pins0 rw i:0x7003,0)" 0
points "$PROGS/pins" errors /dev/pins0 fast $setters
chrext unload pins
chrext board rm fast
ok "a device whose controller sleeps" chrext load "$pins" --set timer=$timer
points "$PROGS/pins" sleeps /dev/pins
chrext unload pins
chrext board rm slow
chrext board add open chr-ext,pins data=fast:0/open-drain/pull-up,fast:1,fast:2
ok "a device with an open drain" chrext load "$pins" --set timer=$timer
points "$PROGS/pins" open /dev/pins
ok "which plays" soon test "$(level fast 2)" = 1
is "by letting the line go" "$(config fast 0 | cut -d' ' -f1)" in
chrext unload pins
chrext board rm open
chip_new only outputs
chrext board add only chr-ext,pins data=only:0/open-drain,only:1,only:2
chrext load "$pins" --set timer=$timer --set how=3 > /tmp/out 2>&1
fails "an open drain of a controller that has outputs only: no device" test -e /dev/pins
like "with the reason" "$(< /tmp/out)" 'cannot get the lines "data": -EOPNOTSUPP'
chrext unload pins
chrext board rm only
chip_new lost
chrext board add lost chr-ext,pins data=lost:0,lost:1,lost:2
chrext load "$pins" --set timer=$timer --set how=1
points "$PROGS/pins" gone /dev/pins lost
is "removed without them" "$(count pins bad_returns)" 0
chrext unload pins
chrext board rm lost

chip_unload
finish
