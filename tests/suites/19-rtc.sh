#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 120
# also: rt

. "$SRC/tests/suites/common.bash"

r=/dev/bpf_rtc

chrext load "$DRIVERS/rtc.bpf.o" --foreground &
loader=$!
ok "rtc loads" soon test -c $r

# clock ARG...: what the usual tool makes of it.
clock() {
	hwclock --utc --noadjfile --rtc=$r "$@"
}

# right: it shows the system's time, but for the second that it takes.
right() {
	local before=$EPOCHSECONDS shown
	shown=$(date -d "$(clock --show)" +%s)
	echo "$before, $shown, $EPOCHSECONDS"
	[ "$shown" -ge $((before - 1)) ] && [ "$shown" -le $((EPOCHSECONDS + 1)) ]
}
ok "hwclock --show gives the time" right
ok "hwclock --set sets it" clock --set --date='2031-02-03 04:05:06'
like "and shows what was set" "$(clock --show)" '^2031-02-03 04:05:'
ok "hwclock --systohc brings it back" clock --systohc
ok "to the system's" right
fails "which needs CAP_SYS_TIME" setpriv --bounding-set=-sys_time \
	--inh-caps=-all hwclock --utc --noadjfile --rtc=$r --systohc
like "hwclock --show needs none" "$(setpriv --reuid=65534 --clear-groups \
	hwclock --utc --noadjfile --rtc=$r --show 2>&1)" '^20[0-9][0-9]-'

points "$PROGS/rtc" $r chrext unload bpf_rtc
kill $loader 2> /dev/null
wait $loader 2> /dev/null
# In place of another, with a file open and a timer running.
points "$PROGS/update" "$DRIVERS/rtc.bpf.o" $r 8
finish
