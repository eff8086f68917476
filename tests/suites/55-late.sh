#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 60
# smp: threads

. "$SRC/tests/suites/common.bash"

# counted WHAT: by the callbacks of the driver whose map is kept.
counted() {
	bpftool -j map dump pinned /sys/fs/bpf/kept | jq ".[0].formatted.value.$1"
}

ok "a driver with a timer and a work loads" chrext load "$TESTDRIVERS/late.bpf.o"
ok "ticks and works wake its readers, the loader being gone" \
	timeout 5 dd if=/dev/late of=/tmp/ticks bs=8 count=20 status=none
ticks=$(od -An -v -w8 -t u8 /tmp/ticks | tr -d ' ' | tr '\n' ' ')
is "each later than the one before" \
	"$(tr ' ' '\n' <<< "$ticks" | sort -n -u | grep -c .)" 20

# A pin keeps map, timer and programs when the device goes.
bpftool map pin pinned $pins/late/maps/late_map /sys/fs/bpf/kept
exec 5< /dev/late
ok "it unloads with the timer running" chrext unload late
fails "and the node is gone" test -e /dev/late
first=$(counted gone)
sleep 0.5
second=$(counted gone)
ok "the timer goes on and finds no device ($first, then $second times)" \
	test "$second" -gt "$first"
is "an old file knows too" "$(dd bs=8 count=1 status=none 2>&1 <&5)" \
	"dd: error reading 'standard input': No such device"
exec 5<&-
fails "the module stays as long as its programs" rmmod chr_ext
ok "a new driver of the name is not bothered" chrext load "$TESTDRIVERS/late.bpf.o"
ok "and works" timeout 5 dd if=/dev/late of=/dev/null bs=8 count=5 status=none
first=$(counted gone)
sleep 0.5
ok "the device of the old timer is still gone" test "$(counted gone)" -gt "$first"
chrext unload late
rm /sys/fs/bpf/kept

working() {
	[ "$(counted works)" -gt 0 ]
}

# A work has the device for half a second, again and again.
ok "a driver whose work takes long" chrext load "$TESTDRIVERS/late.bpf.o" --set delays=5000
bpftool map pin pinned $pins/late/maps/late_map /sys/fs/bpf/kept
exec 5< /dev/late
ok "a work has the device" soon working
ok "which goes" chrext unload late
sleep 1
is "after the work has left it" "$(counted lost)" 0
exec 5<&-
rm /sys/fs/bpf/kept

finish
