#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 240
# also: rt
# smp: threads

. "$SRC/tests/suites/common.bash"

object=$TESTDRIVERS/version.bpf.o

# words NODE: version, updates, reads, written.
words() {
	local w
	read -r -a w < <(dd bs=32 count=1 status=none <&5 | od -An -v -w32 -t u8)
	echo "${w[*]}"
}

ok "a driver loads" chrext load "$object"
exec 5<> /dev/version
is "its first version answers" "$(words)" "1 0 1 0"
printf abc >&5
ok "the next version takes its place" chrext replace "$object" --set number=2
is "which the open file sees, with the memory as it was" "$(words)" "2 1 2 3"
printf abc >&5
is "and writes to" "$(words)" "2 1 3 6"
is "the log reports it" "$(chrext log version --no-follow | grep -c 'updated by chrext')" 1
like "chrext show has the programs of the new one" "$(chrext show version)" \
	"/sys/fs/bpf/chr_ext/version/link"
is "one map is pinned" "$(echo /sys/fs/bpf/chr_ext/version/maps*/*)" \
	"/sys/fs/bpf/chr_ext/version/maps/own"
cp "$object" /tmp/other.bpf.o
ok "the name selects it" chrext replace /tmp/other.bpf.o --set number=3
is "it is the one" "$(words)" "3 2 4 6"

# stays WHAT WHY [ARG...]: it is refused, and all is as it was.
stays() {
	local what=$1 why=$2
	shift 2
	fails "$what is refused" chrext replace "$object" --set number=9 "$@"
	like "$what: why" "$tap_output" "$why"
	like "$what: the old one goes on" "$(words)" "^3 2 "
	is "$what: its pins are as they were" \
		"$(echo /sys/fs/bpf/chr_ext/version/*)" \
		"/sys/fs/bpf/chr_ext/version/link /sys/fs/bpf/chr_ext/version/maps"
}
stays "another layout" "differs in layout" --set layout=1
stays "another file_size" "differs in file_size" --set file_size=8
stays "another dev_size" "differs in dev_size" --set dev_size=64
stays "another mem_size" "differs in mem_size" --set mem_size=4096
stays "another number of instances" "differs in instances" --set instances=2
stays "another mode" "differs in mode" --set mode=0600
stays "other flags" "differs in flags" --set flags=1
stays "a max_io out of range" "max_io is 1048577" --set max_io=1048577
stays "the name of no driver" 'no driver named "other"' --name other
fails "a version that the verifier rejects is refused" \
	chrext replace "$REJECT/unchecked.bpf.o" --name version
like "and the old one goes on" "$(words)" "^3 2 "
chrext load "$DRIVERS/hello.bpf.o"
fails "a driver of another name does not fit" \
	chrext replace "$DRIVERS/hello.bpf.o" --name version
like "because flags differ" "$tap_output" "differs in "
chrext unload hello
ok "max_io and timeout_ms may change" \
	chrext replace "$object" --set number=4 --set max_io=8 --set timeout_ms=10
is "and do" "$(dd bs=32 count=1 status=none <&5 | wc -c)" 8
is "a call that waits has an end" "$(call /dev/version rw i:1,4)" ETIMEDOUT
exec 5>&-

# began MS: a caller begins to wait by that timeout_ms, and some seconds go by.
some=$((5 * LAB_SLOW))
began() {
	chrext replace "$object" --set number=4 --set timeout_ms="$1"
	{
		timeout $((some * 6)) "$PROGS/call" /dev/version rw i:1,4
		echo " $EPOCHREALTIME"
	} > /tmp/waited &
	sleep $some
}
began 0
chrext replace "$object" --set number=4 --set timeout_ms=$((some * 1000))
changed=$EPOCHREALTIME
wait $!
read -r why ended < /tmp/waited
is "a wait without limit gets that of the new version" "$why" ETIMEDOUT
ms=$(((${ended/./} - ${changed/./}) / 1000))
ok "counted from its beginning ($ms ms after the change)" test $ms -lt $((some * 600))
began $((some * 2000))
chrext replace "$object" --set number=4 --set timeout_ms=0
sleep $((some + 1))
ok "it unloads" chrext unload version
wait $!
read -r why ended < /tmp/waited
is "and one with a limit loses it" "$why" ENODEV

# Timers end with their maps.
if grep -q 1 /sys/kernel/realtime 2> /dev/null; then
	fails "PREEMPT_RT has no timers for programs" chrext load "$TESTDRIVERS/late.bpf.o"
else
	ok "a driver with timers and no update op loads" chrext load "$TESTDRIVERS/late.bpf.o"
	ok "and is replaced" chrext replace "$TESTDRIVERS/late.bpf.o"
	is "with a warning" "$tap_output" 'chrext: warning: the timers of driver "late" (map late_map) stop with its old version, and the new one has no update op to start them again
'
	fails "nothing ticks any more" timeout 1 dd if=/dev/late of=/dev/null bs=8 count=3 status=none
	chrext unload late
fi
ok "one with work loads" chrext load "$TESTDRIVERS/nested.bpf.o"
ok "and is replaced" chrext replace "$TESTDRIVERS/nested.bpf.o"
like "with a warning too" "$tap_output" "driver \"nested\" \(map works\) stop"
chrext unload nested
for name in ticker hello; do
	chrext load "$DRIVERS/$name.bpf.o"
	ok "$name is replaced" chrext replace "$DRIVERS/$name.bpf.o"
	is "$name: without a warning" "$tap_output" ""
	chrext unload $name
done

chrext load "$object" --foreground > /dev/null 2>&1 &
loader=$!
soon test -c /dev/version
fails "a driver that a process holds is not replaced" chrext replace "$object"
like "as it has no pin" "$tap_output" "held by a process"
kill -INT $loader
wait $loader 2> /dev/null

points "$PROGS/updates" "$object" 1000

finish
