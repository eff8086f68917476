#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 240
# smp: threads

. "$SRC/tests/suites/common.bash"

for driver in echo scull; do
	chrext load "$DRIVERS/$driver.bpf.o"
	points "$PROGS/revoke" /dev/$driver chrext unload $driver
	ok "$driver: nothing is left" nothing_left
done

# The loader in the foreground, killed while all are at work.
chrext load "$DRIVERS/scull.bpf.o" --foreground &
loader=$!
soon test -c /dev/scull
points "$PROGS/revoke" /dev/scull kill -9 $loader
wait $loader 2> /dev/null
ok "killed loader: nothing is left" nothing_left
like "killed loader: the log has the reason" "$(chrext show scull)" "detached: "

# The link detached, and the driver unbound, by others than the loader.
chrext load "$DRIVERS/scull.bpf.o"
points "$PROGS/revoke" /dev/scull \
	sh -c "echo chr_ext.scull.0 > $drivers/chr_ext.scull/unbind"
chrext unload scull

# The same driver again and again, while others use what they find.
"$PROGS/visitors" /dev/scull 4 > /tmp/visitors &
visitors=$!
for ((i = 0; i < 10; i++)); do
	chrext load "$DRIVERS/scull.bpf.o" || break
	chrext unload scull || break
done
is "10 times loaded and unloaded under opens, reads and closes" $i 10
kill $visitors
wait $visitors
like "some of which succeeded" "$(cat /tmp/visitors)" "^[1-9][0-9]* visits$"

# The memory that was for the driver's programs goes with the driver.
vmalloc_mib() {
	echo $(($(sed -n 's/^VmallocUsed: *\([0-9]*\) kB$/\1/p' /proc/meminfo) / 1024))
}
before=$(vmalloc_mib)
chrext load "$DRIVERS/scull.bpf.o" --set dev_size=64M
exec 5<> /dev/scull
ok "a device has its memory" test "$(vmalloc_mib)" -ge $((before + 64))
chrext unload scull
ok "which goes with it, though a file is open" \
	test "$(vmalloc_mib)" -lt $((before + 16))
exec 5>&-

finish
