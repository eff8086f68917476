#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 60
# wants: old
#
# Old objects on a new module, new ones on an old one.

. "$SRC/tests/suites/common.bash"

# words FILE: what clocks gives, a number a line.
words() {
	dd if="$1" bs=32 count=1 status=none | od -An -v -t d8 -w8 | tr -d ' '
}

# about GOT WANT: nanoseconds that are less than ten seconds apart.
about() {
	test $(($1 - $2)) -lt 10000000000 && test $(($2 - $1)) -lt 10000000000
}

clocks() {
	ok "$1: an object with chr_ext_clock_ns() loads" \
		chrext load "$TESTDRIVERS/clocks.bpf.o"
	mapfile -t got < <(words /dev/clocks)
	read -r up _ < /proc/uptime
	ok "$1: the monotonic clock is right" \
		about "${got[0]}" $((${up/./} * 10000000))
	ok "$1: and the time of day" \
		about "${got[1]}" $((${EPOCHREALTIME/./} * 1000))
	is "$1: an unknown clock is EINVAL" "${got[3]}" -22
}

modprobe chr_ext
clocks "new module"
ok "new module: the boot clock is right" \
	about "${got[2]}" $((${up/./} * 10000000))
ok "new module: an object that needs it loads" \
	chrext load "$TESTDRIVERS/needs_clock.bpf.o"
chrext unload clocks
chrext unload needs_clock
ok "the new module goes" soon rmmod chr_ext

insmod "$OLD_MODULE"
clocks "old module"
is "old module: the boot clock is one that it lacks" "${got[2]}" -22
fails "old module: an object that needs it is refused" \
	chrext load "$TESTDRIVERS/needs_clock.bpf.o"
like "in these words" "$tap_output" "calls chr_ext_clock_ns.*which neither"
fails "old module: a GPIO driver is refused" chrext load "$DRIVERS/port.bpf.o"
like "and the first kfunc named" "$tap_output" "calls chr_ext_gpio_[a-z_]+\(\), but the loaded chr_ext module has no GPIO"
for name in scull ticker rtc; do
	ok "old module: $name loads" chrext load "$DRIVERS/$name.bpf.o"
done

done_testing
