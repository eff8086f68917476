#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 120
# machines: virt raspi3b
#
# The objects that were built beside the amd64 suites, on arm64.

. "$SRC/tests/suites/common.bash"

case $LAB_MACHINE in
virt) model='linux,dummy-virt' chip='[9030000.pl061] (8 lines)' line=5 ;;
raspi3b) model='Raspberry Pi 3 Model B' chip='[pinctrl-bcm2835] (54 lines)' line=17 ;;
esac
is "the processor" "$(uname -m)" aarch64
is "the board" "$(tr -d '\0' < /proc/device-tree/model)" "$model"
is "its GPIO chip" "$(gpiodetect | head -n 1)" "gpiochip0 $chip"

ok "hello loads" chrext load "$DRIVERS/hello.bpf.o"
is "reads" "$(call /dev/hello r r:100 r:100)" "4:ebpf 0"
is "writes" "$(call /dev/hello w w:word)" 4
like "logs it" "$(chrext log hello --no-follow)" 'hello: write 4 bytes'
ok "goes" chrext unload hello

ok "echo loads" chrext load "$DRIVERS/echo.bpf.o"
is "gives back what it got" "$(call /dev/echo rw w:hello r:100)" "5 5:hello"
is "up to 64 KiB" "$(call /dev/echo rw W:65536 w:x R:65536 r:1 | cut -c 1-18)" \
	"65536 ENOSPC 65536"
ok "goes" chrext unload echo

ok "scull loads" chrext load "$DRIVERS/scull.bpf.o" --set instances=2
is "keeps what was written" "$(call /dev/scull1 w w:hello) $(call /dev/scull1 r r:100)" \
	"5 5:hello"
is "at any position" "$(call /dev/scull1 rw pw:XY@3 pr:9@0)" "2 5:helXY"
ok "goes" chrext unload scull

# What a line is, seen from outside.
for level in 1 0 1; do
	gpioset -c gpiochip0 -C lab $line=$level &
	setter=$!
	soon grep -q '|lab ' /sys/kernel/debug/gpio
	is "line $line is set to $level" "$(witness "$LAB_MACHINE" $line)" $level
	kill $setter
	wait $setter
done
finish
