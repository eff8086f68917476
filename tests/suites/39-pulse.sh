#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 300
# also: threadirqs

. "$SRC/tests/suites/chip.bash"

p=/dev/pulse
object=$DRIVERS/pulse.bpf.o

# board LINE,...: a live one for pulse.
board() {
	mkdir $boards/p $boards/p/pulse
	echo chr-ext,pulse > $boards/p/compatible
	tr , '\n' <<< "$1" > $boards/p/pulse/lines
	echo 1 > $boards/p/live
}

board_gone() {
	echo 0 > $boards/p/live
	rmdir $boards/p/pulse $boards/p
}

# pulse LABEL TEST ARG...
pulse() {
	points "$PROGS/pulse" $p "$chips/$1" "${@:2}"
}

chip_new fast lines=8 record=70000
board fast:0,fast:1,fast:2,fast:3
ok "pulse loads" chrext load "$object"
like "its lines are outputs" "$(config fast 3)" "^out"
is "and low" "$(level fast 3)" 0
pulse fast all
pulse fast timing
pulse fast many
pulse fast update chrext replace "$object"
is "no op returned nonsense" "$(count pulse bad_returns)" 0
pulse fast detach chrext unload pulse
fails "the node is gone" test -e $p

ok "pulse loads" chrext load "$object" --set direction=3
is "with its lines high" "$(level fast 3)" 1
pulse fast detach bash -c "echo 0 > $boards/p/live"
echo 1 > $boards/p/live
if grep -q GPIO_SET_ "$KMODS/.chr_ext_chip.o.cmd"; then
	pulse fast fail 5 bash -c "echo 5 > $chips/fast/lines/1/errors/set"
	chip_fails fast 1 set 0
else
	skip "the chip fails" "setters cannot in this kernel"
fi
chrext unload pulse

# What others find in the recording of an UART frame.
ok "pulse loads" chrext load "$object" --set direction=3
baud=$((LAB_SLOW > 1 ? 5 : 20))
python3 - $((1000000000 / baud)) > /tmp/frame << 'EOF'
import struct
import sys

bits = "111" + "".join("0" + f"{byte:08b}"[::-1] + "11" for byte in b"bpf")
for bit in bits:
    sys.stdout.buffer.write(struct.pack("QQ", int(bit), int(sys.argv[1])))
EOF
# framed: the text of a recording. Half a bit is 25 ms, which a busy host may take.
framed() {
	chrext scope --lines fast:0 -o /tmp/frame.vcd > /tmp/out 2>&1 &
	scope=$!
	soon test -e /sys/kernel/tracing/instances/chrext-scope-$scope/events/gpio/enable
	sleep 0.5
	dd if=/tmp/frame of=$p bs=4096 status=none conv=fsync || echo "no frame"
	kill -INT $scope
	wait $scope || echo "no scope"
	sigrok-cli -i /tmp/frame.vcd -I vcd:downsample=100000 \
		-P uart:rx=fast_0:baudrate=$baud:format=ascii -A uart=rx-data |
		sed 's/.*: //' | tr -d '\n'
}
for try in 1 2 3; do
	text=$(framed)
	[ "$text" != bpf ] || break
	echo "# $try: $text"
done
is "sigrok reads it" "$text" bpf
chrext unload pulse

ok "pulse loads" chrext load "$object" --set direction=1
pulse fast inputs
chrext unload pulse
ok "pulse loads" chrext load "$object" --set direction=4
fails "but there is none with a direction of 4" test -e $p
like "as the kernel log reports" "$(refusals)" "pulse: refused: .*flags are at most 3"
chrext unload pulse
board_gone

# Many players. Their interrupts come before all else on a CPU.
players() {
	local i
	chip_new wide lines=64
	chip_new wider lines=64
	mkdir $boards/p{0..119} $boards/p{0..119}/pulse
	for i in {0..119}; do
		echo chr-ext,pulse > $boards/p"$i"/compatible
		if ((i < 60)); then
			echo "wide:$i"
		else
			echo "wider:$((i - 60))"
		fi > $boards/p"$i"/pulse/lines
		echo 1 > $boards/p"$i"/live
	done
}
players
ok "a driver of 120 devices" chrext load "$object" --set instances=120
points "$PROGS/pulse" /dev/pulse "$chips/wide" share 1
points "$PROGS/pulse" /dev/pulse "$chips/wide" share 120
chrext unload pulse
for i in {0..119}; do
	echo 0 > $boards/p"$i"/live
done
rmdir $boards/p{0..119}/pulse $boards/p{0..119}
chip_del wide
chip_del wider

# A chip that sleeps.
chip_new slow lines=8 sleep
board slow:0,slow:1,slow:2,slow:3
ok "pulse loads on a chip that sleeps" chrext load "$object"
pulse slow all
pulse slow detach bash -c "echo 0 > $boards/p/live"
rmdir $boards/p/pulse $boards/p

# Unplugged. A chip without a driver goes alone.
board fast:0,fast:1,fast:2,fast:3
pulse fast fail 19 bash -c "echo fast > $chips/del"
ok "it is unloaded without its chip" chrext unload pulse
board_gone
if chip_new plug bound 2> /dev/null; then
	board plug:0,plug:1,plug:2,plug:3
	ok "pulse loads on a chip that can be unplugged" chrext load "$object"
	pulse plug detach bash -c "echo plug > $chips/del"
	fails "unplugged, the node is gone" test -e $p
	chrext unload pulse
	board_gone
else
	skip "the chip is unplugged" "that of the tests has no driver here"
fi
chip_del slow
chip_unload
finish
