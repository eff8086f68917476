#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 240
#
# Drivers whose ops are slow, and the effect on other drivers.

. "$SRC/tests/suites/chip.bash"

slow=$TESTDRIVERS/slow.bpf.o

# took CMD...: its milliseconds in $ms.
took() {
	local start=$EPOCHREALTIME status=0
	"$@" > /tmp/out 2>&1 || status=$?
	ms=$(((${EPOCHREALTIME/./} - ${start/./}) / 1000))
	return $status
}

# The loader itself takes about 300 ms here, and more on a busy host.
chrext load "$DRIVERS/hello.bpf.o"
took chrext unload hello
limit=$((ms * 3 > 900 * LAB_SLOW ? ms * 3 : 900 * LAB_SLOW))

# quick DESC CMD...: in much less than the second that is allowed for sleeps.
quick() {
	local desc=$1
	shift
	if took "$@" && [ $ms -lt $limit ]; then
		pass "$desc ($ms ms)"
	else
		fail "$desc" "$ms ms, of: $*
$(< /tmp/out)"
	fi
}

# granted NAME OP: how the sleeps of an op ended, and after how many ms.
granted() {
	chrext log "$1" --no-follow |
		sed -n "s/.*: $2: \(-*[0-9]*\) after \([0-9]*\) ms\$/\1 \2/p" | tail -n 1
}

# between LEAST MOST NUMBER
between() {
	[ "$3" -ge "$1" ] && [ "$3" -le $(($2 * LAB_SLOW)) ]
}

# board NAME LINE [COMPATIBLE]
board() {
	mkdir "$boards/$1" "$boards/$1/data"
	echo "chr-ext,${3:-$1}" > "$boards/$1/compatible"
	echo "c:$2" > "$boards/$1/data/lines"
	echo 1 > "$boards/$1/live"
}

no_board() {
	echo 0 > "$boards/$1/live"
	rmdir "$boards/$1/data" "$boards/$1"
}

# A probe of hardware: outside of the attach.
chip_new c
board slow 0
chrext load "$DRIVERS/hello.bpf.o"
chrext load "$slow" --set compatible=chr-ext,slow --set probe_ms=8000 &
loader=$!
attached() {
	[ -d $drivers/chr_ext.slow ]
}
ok "a driver whose hardware takes 8 s to probe is attached" soon attached
quick "meanwhile another one is detached" chrext unload hello
quick "and attached" chrext load "$DRIVERS/hello.bpf.o"
fails "a probe that runs makes an update fail" chrext replace "$slow" \
	--set compatible=chr-ext,slow
like "with that reason" "$tap_output" "a probe is not over"
ok "the loader is there still" kill -0 $loader
ok "it waits for the probe" wait $loader
ok "which has made the node" test -c /dev/slow
like "and had its time" "$(granted slow probe)" "^0 "
chrext unload slow
chrext load "$slow" --set compatible=chr-ext,slow --set probe_ms=9000 &
loader=$!
ok "once more" soon attached
sleep 0.5
quick "a detach does not wait for the probe" chrext unload slow
wait $loader
like "its sleep fails with ENODEV" "$(granted slow probe)" "^-19 "
chrext load "$slow" --set compatible=chr-ext,slow --set probe_ms=20000 > /tmp/why 2>&1
like "a probe of 20 s fails" "$(cat /tmp/why)" "probe of slow failed: -EBUSY"
read -r err ms < <(granted slow probe)
ok "after 10 s ($err after $ms ms)" between 9500 15000 "$ms"
chrext unload slow

# Registration takes the locks of what matches, one after the other.
board other 1
board slow2 2 slow
board slow3 3 slow
chrext load "$slow" --name first --set compatible=chr-ext,slow --set instances=3 \
	--set probe_ms=9000 &
loader=$!
attached() {
	[ -d $drivers/chr_ext.first ]
}
ok "a driver that probes three devices" soon attached
ok "one of other hardware" chrext load "$slow" --name other \
	--set compatible=chr-ext,other
fails "does not wait for them" test -e /dev/first2
ok "its node is there" test -c /dev/other
chrext unload first
wait $loader
chrext unload other
no_board slow
no_board slow2
no_board slow3
no_board other
chip_del c
chrext unload hello

# Virtual devices: inside it, for a second all of them.
fails "a virtual device whose probe takes 3 s" chrext load "$slow" --set probe_ms=3000
like "is refused" "$tap_output" "probe of slow failed: -EBUSY"
read -r err ms < <(granted slow probe)
ok "after one ($err after $ms ms)" between 900 2000 "$ms"
fails "so are eight of 200 ms" chrext load "$slow" --set probe_ms=200 --set instances=8
ok "of which nothing is left" nothing_left

# Sleeps of one driver while another one drains.
chrext load "$slow" --name sleepy --set read_ms=4000
chrext load "$slow" --name going --set remove_ms=3000
call /dev/sleepy r r:1 > /dev/null &
reader=$!
took chrext unload going
ok "a remove that wants 3 s gets one ($ms ms)" between 900 $((1600 + limit)) $ms
read -r err granted_ms < <(granted going remove)
is "and then -EBUSY" "$err" -16
ok "after $granted_ms ms" between 900 2000 "$granted_ms"
wait $reader
like "which does not shorten the sleep of another driver" "$(granted sleepy read)" "^0 "
chrext unload sleepy

# A motor ramps down.
chrext load "$slow" --name motor --set remove_ms=300 --set close_ms=300
exec 5< /dev/motor
chrext unload motor
is "close of a device that goes sleeps" "$(granted motor close | cut -d' ' -f1)" 0
is "and remove does" "$(granted motor remove | cut -d' ' -f1)" 0
exec 5<&-
chrext load "$slow" --name motor --set close_ms=200
{ exec 6< /dev/motor; exec sleep 100; } &
holder=$!
sleep 0.3
kill -9 $holder
wait $holder 2> /dev/null
soon eval '[ -n "$(granted motor close)" ]'
like "close in a task that was killed sleeps" "$(granted motor close)" "^0 "
chrext unload motor
chrext load "$slow" --name many --set remove_ms=500 --set instances=20
took chrext unload many
ok "20 devices ramp down at the same time ($ms ms)" between 0 8000 $ms

# One user's ops and another's calls that cannot be interrupted.
# held FLAGS FD WHAT CMD...: while a read on the file FD of the serialised driver
# wants to sleep for 8 s.
held() {
	local flags=$1 fd=$2 what=$3
	shift 3
	chrext load "$slow" --set flags="$flags" --set read_ms=8000
	exec 5< /dev/slow 6< /dev/slow
	call - r r:1 <&"$fd" 6<&- > /tmp/got &
	reader=$!
	sleep 0.5
	took "$@"
	ok "$what while another op sleeps is bounded ($ms ms)" between 300 4500 $ms
	wait $reader
	is "$what: the sleep of the op fails" "$(cat /tmp/got)" EBUSY
	exec 5<&- 6<&-
	chrext unload slow
}
held 0x10 5 "a poll" read -t 0 -u 6
held 0x20 5 "a poll of the same file" read -t 0 -u 5
held 0x10 5 "a close" eval 'exec 6<&-'

chrext load "$slow" --name queue --set flags=0x10 --set read_ms=2500
exec 5< /dev/queue
call - r r:1 <&5 > /dev/null &
readers=$!
call - r r:1 <&5 > /dev/null &
wait $readers $!
is "a caller that can be interrupted shortens no sleep" \
	"$(chrext log queue --no-follow | grep -c 'read: 0 after')" 2
exec 5<&-
chrext unload queue

chrext load "$slow" --set flags=0x20 --set read_ms=3000 --set mem_size=4096
exec 5< /dev/slow
call - r r:1 <&5 > /dev/null &
reader=$!
sleep 0.5
is "mmap without an op needs no turn" "$(call - r map:4096 <&5)" 0
ok "nor waits for one" kill -0 $reader
wait $reader
exec 5<&-
chrext unload slow

chrext load "$slow" --set close_ms=3000
call /dev/slow r
read -r err ms < <(granted slow close)
is "a close that wants 3 s on a device that stays gets one" "$err" -16
ok "after $ms ms" between 900 1300 "$ms"
chrext unload slow
chrext load "$slow" --name queue --set close_ms=900
for i in 1 2 3 4 5 6; do
	call /dev/queue r &
	closers[i]=$!
done
wait "${closers[@]}"
ok "and less when other files wait for it" \
	grep -q 'close: -16 after' <(chrext log queue --no-follow)
is "all of them are closed" "$(chrext log queue --no-follow | grep -c ' close: ')" 6
chrext unload queue

# Event ops that sleep, of more devices than a workqueue has places.
chrext load "$DRIVERS/hello.bpf.o"
ok "300 devices whose event ops sleep for a minute" \
	chrext load "$slow" --name many --set event_ms=60000 --set instances=300
took chrext unload hello
ok "do not keep another driver ($ms ms)" between 0 20000 $ms
took chrext unload many
ok "and go ($ms ms)" between 0 30000 $ms

# Sleeps of an op that an update waits for.
chrext load "$slow" --set read_ms=8000
call /dev/slow r r:1 > /dev/null &
reader=$!
sleep 0.5
took chrext replace "$slow" --set update_ms=8000
ok "an update, with an op and its own op that sleep, is bounded ($ms ms)" between 900 $((2100 + limit)) $ms
wait $reader
is "the sleep of the op fails with EBUSY" "$(granted slow read | cut -d' ' -f1)" -16
is "that of the update op, too" "$(granted slow update | cut -d' ' -f1)" -16
chrext unload slow

chip_unload
finish
