#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 60
# wants: bare
#
# Objects for a module that has more, or less, than the loaded one.

. "$SRC/tests/suites/common.bash"

# words FILE: numbers of 64 bits, one a line.
words() {
	dd if="$1" bs=32 count=1 status=none | od -An -v -t d8 -w8 | tr -d ' '
}

# about GOT WANT: nanoseconds that are less than ten seconds apart.
about() {
	test $(($1 - $2)) -lt 10000000000 && test $(($2 - $1)) -lt 10000000000
}

future() {
	ok "$1: an object with a weak kfunc of a newer module loads" \
		chrext load "$TESTDRIVERS/future.bpf.o"
	is "$1: and does without it" "$(words /dev/future)" 0
	chrext unload future
	fails "$1: an object that needs it is refused" \
		chrext load "$REJECT/needs_future.bpf.o"
	like "$1: and the kfunc is named" "$tap_output" \
		"calls chr_ext_future.*which neither"
}

modprobe chr_ext
is "the ABI is in sysfs" "$(cat $class/abi)" 1
like "and the families" "$(cat $class/families)" "^io dev .*gpio"
like "and the flags" "$(cat $class/flags)" "^0x[0-9a-f]+$"
like "and the version" "$(cat /sys/module/chr_ext/version)" "^[0-9]+\.[0-9]+"
future module
ok "an object with clocks loads" chrext load "$TESTDRIVERS/clocks.bpf.o"
mapfile -t got < <(words /dev/clocks)
read -r up _ < /proc/uptime
ok "the monotonic clock is right" about "${got[0]}" $((${up/./} * 10000000))
ok "and the time of day" about "${got[1]}" $((${EPOCHREALTIME/./} * 1000))
ok "and the boot clock" about "${got[2]}" $((${up/./} * 10000000))
is "an unknown clock is EINVAL" "${got[3]}" -22
chrext unload clocks
ok "the module goes" soon rmmod chr_ext

insmod "$BARE_MODULE"
like "the bare module has families" "$(cat $class/families)" "^io dev "
fails "but none of hardware" grep -qw gpio $class/families
future "bare module"
fails "bare module: a GPIO driver is refused" chrext load "$DRIVERS/port.bpf.o"
like "and the first kfunc named" "$tap_output" "calls chr_ext_gpio_[a-z_]+\(\), but the loaded chr_ext module has no GPIO"
for name in scull ticker rtc; do
	ok "bare module: $name loads" chrext load "$DRIVERS/$name.bpf.o"
done
for name in scull ticker bpf_rtc; do
	chrext unload "$name"
done

finish
