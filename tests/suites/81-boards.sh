#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 240
# machines: virt raspi3b
# overlay virt: dts/virt.dtso
# overlay raspi3b: dts/rpi3b.dtso
#
# Drivers that the device tree brings their lines, on controllers of others. What
# the lines are is seen from outside.

. "$SRC/tests/suites/common.bash"

case $LAB_MACHINE in
virt) port='5 6 7' data=0 clock=1 latch=2 pulse=4 ;;
raspi3b) port='17 18 27 22' data=10 clock=11 latch=8 pulse=25 ;;
esac

# levels LINE...: from outside, in one word.
levels() {
	local line all=''
	for line; do
		all+=$(witness "$LAB_MACHINE" "$line")
	done
	echo "$all"
}

# consumer LINE: its consumer, from gpioinfo(1).
consumer() {
	gpioinfo -c gpiochip0 "$1" | sed -n 's/.*consumer="\?\([^"]*\)"\?.*/\1/p'
}

# A port; the last line is active low on both.
read -ra lines <<< "$port"
last=$((${#lines[@]} - 1))
ok "the port loads" chrext load "$DRIVERS/port.bpf.o" --set direction=2
ok "the device tree has brought its lines" test -c /dev/bpf_port
is "they are the driver's" "$(consumer "${lines[0]}")" bpf_port:port
is "all low, the last inverted" "$(levels "${lines[@]}")" \
	"$(printf '%0*d1' $last 0)"
for ((i = 0; i <= last; i++)); do
	call /dev/bpf_port w "pw:1@$i" > /dev/null
	want=1
	[ $i -ne $last ] || want=0
	is "line $i is set" "$(levels "${lines[$i]}")" $want
done
is "it reads them" "$(call /dev/bpf_port r r:64)" \
	"$((last + 1)):$(printf '1%.0s' $(seq 0 $last))"
fails "no other process gets one" gpioset -t0 -c gpiochip0 "${lines[0]}=0"
is "the attempt changed nothing" "$(levels "${lines[0]}")" 1

# Away and back by hand.
pdev=$(readlink -f $class/bpf_port/device)
pdev=${pdev##*/}
ok "the device can be unbound" \
	sh -c "echo $pdev > $drivers/chr_ext.bpf_port/unbind"
fails "its node goes" test -e /dev/bpf_port
is "its lines are free" "$(consumer "${lines[0]}")" ''
ok "and bound" sh -c "echo $pdev > $drivers/chr_ext.bpf_port/bind"
ok "its node comes" soon test -c /dev/bpf_port
ok "the port goes" chrext unload bpf_port

# The controller goes under an open file, and comes back. That of the Pi does not
# let itself be unbound.
amba=/sys/bus/amba/drivers/pl061_gpio
if [ "$LAB_MACHINE" = virt ]; then
	ok "the port loads again" chrext load "$DRIVERS/port.bpf.o" --set direction=2
	exec 5<> /dev/bpf_port
	ok "its controller can be unbound" sh -c "echo 9030000.pl061 > $amba/unbind"
	fails "the node goes" test -e /dev/bpf_port
	fails "a write to the open file fails" sh -c 'printf 1 >&5'
	exec 5>&-
	chrext unload bpf_port
	ok "it loads without the controller" chrext load "$DRIVERS/port.bpf.o" --set direction=2
	fails "and has no node" test -e /dev/bpf_port
	ok "the controller comes back" sh -c "echo 9030000.pl061 > $amba/bind"
	ok "and the node with it" soon test -c /dev/bpf_port
	is "the line obeys" "$(call /dev/bpf_port w w:1) $(levels "${lines[0]}")" "1 1"
	chrext unload bpf_port
fi

# A shift register: what the last bit was stays on the line.
ok "shift loads" chrext load "$DRIVERS/shift.bpf.o"
ok "its lines are there" test -c /dev/shift
is "and low" "$(levels $data $clock $latch)" 000
for bit in 1 0; do
	printf "\\x0$bit" > /dev/shift
	is "the last bit, $bit, is on the line" "$(levels $data)" $bit
	is "clock and latch have risen" "$(levels $clock $latch)" 11
done
ok "shift goes" chrext unload shift

# A long pulse, seen while it plays.
# step BITS NS: one of those that pulse takes.
le64() {
	local i byte
	for ((i = 0; i < 64; i += 8)); do
		printf -v byte '\\x%02x' $(($1 >> i & 255))
		printf '%b' "$byte"
	done
}
step() {
	le64 "$1"
	le64 "$2"
}
ok "pulse loads" chrext load "$DRIVERS/pulse.bpf.o"
is "the line is low" "$(levels $pulse)" 0
{ step 1 3000000000; step 0 5000; } > /tmp/steps
ok "a pattern begins" cp /tmp/steps /dev/pulse
is "the line is high meanwhile" "$(levels $pulse)" 1
low() {
	[ "$(levels $pulse)" = 0 ]
}
ok "and low when it is over" soon low
ok "pulse goes" chrext unload pulse

finish
