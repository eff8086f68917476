#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 90
# also: rt

. "$SRC/tests/suites/common.bash"

# counters DEVICE: all of them.
counters() {
	local what
	for what in opens reads writes read_bytes written_bytes errors bad_returns; do
		text "$class/$1/statistics/$what"
		printf '%s ' "$text"
	done
	text "$class/$1/files"
	printf '%s' "$text"
}

chrext load "$DRIVERS/scull.bpf.o" --set dev_size=100 --set instances=2
is "a new device counts from 0" "$(counters scull0)" "0 0 0 0 0 0 0 0"
call /dev/scull0 rw W:60 W:60 W:60 pr:30@0 r:5 > /dev/null
is "opens, reads, writes, bytes each way, errors are counted" \
	"$(counters scull0)" "1 2 2 30 100 1 0 0"
is "for each device" "$(counters scull1)" "0 0 0 0 0 0 0 0"
text $class/scull1/instance
is "a device knows its instance" "$text" 1
exec 5<> /dev/scull0 6< /dev/scull0
is "open files are counted" "$(counters scull0)" "3 2 2 30 100 1 0 2"

printf hello >&5
head -c 3 <&6 > /dev/null
fdinfo() {
	sed -n 's/^chr_ext-//p' "/proc/$$/fdinfo/$1" | tr '\t\n' ' ,'
}
like "fdinfo of one that wrote" "$(fdinfo 5)" \
	"^driver: scull,device: scull0,state: live,file: [0-9]+,reads: 0,read-bytes: 0,writes: 1,written-bytes: 5,$"
like "fdinfo of one that read" "$(fdinfo 6)" \
	"reads: 1,read-bytes: 3,writes: 0,written-bytes: 0,$"
chrext unload scull
like "after the driver is gone it reports that" "$(fdinfo 5)" "device: scull0,state: revoked"
exec 5>&- 6>&-

# waiting DEVICE N: so many callers wait.
waiting() {
	text "$class/$1/waiting"
	[ "$text" = "$2" ]
}

chrext load "$TESTDRIVERS/version.bpf.o" --set instances=2
ok "no call waits" waiting version0 0
"$PROGS/call" /dev/version0 rw i:1,1 > /tmp/first &
first=$!
"$PROGS/call" /dev/version0 rw i:1,1 > /dev/null &
second=$!
ok "two calls that wait are counted" soon waiting version0 2
is "one that must not wait is not" "$(call /dev/version0 rwn i:1,1) $(cat $class/version0/waiting)" \
	"EAGAIN 2"
ok "nor those of another device" waiting version1 0
is "chrext show has it" \
	"$(chrext show version --json | jq -c '[.devices[].waiting]')" "[2,0]"
like "in words too" "$(chrext show version)" $'\n  waiting +2\n'
kill -9 $second
wait $second 2> /dev/null
ok "one killed waits no more" waiting version0 1
chrext replace "$TESTDRIVERS/version.bpf.o" --set instances=2 --set number=2
wait $first
is "one served neither" "$(cat /tmp/first $class/version0/waiting)" "20"
chrext unload version

# Tracepoints.
events=/sys/kernel/tracing/events/chr_ext
chrext load "$DRIVERS/scull.bpf.o" --set dev_size=100
echo 1 > $events/enable
call /dev/scull rw W:60 W:60 W:60 pr:30@0 > /dev/null
echo 0 > $events/enable
trace=$(grep -v '^#' /sys/kernel/tracing/trace)
like "open is traced, with its time" "$trace" \
	"chr_ext_open: scull file=[0-9]+ len=0 ret=0 ns=[1-9]"
like "a write, with length and result" "$trace" \
	"chr_ext_write: scull file=[0-9]+ len=60 ret=60 ns=[1-9]"
like "a short one" "$trace" "chr_ext_write: scull file=[0-9]+ len=60 ret=40 ns=[1-9]"
like "one that fails" "$trace" "chr_ext_write: scull file=[0-9]+ len=60 ret=-28 ns=[1-9]"
like "a read" "$trace" "chr_ext_read: scull file=[0-9]+ len=30 ret=30 ns=[1-9]"
like "close" "$trace" "chr_ext_close: scull file=[0-9]+ len=0 ret=0 ns=[1-9]"
is "and nothing else" "$(grep -c chr_ext_ <<< "$trace")" 6
chrext unload scull

# The log.
chrext load "$DRIVERS/hello.bpf.o" --name talk
like "the log names the process that attached it" "$(chrext log talk --no-follow)" \
	"notice: attached by chrext\[[0-9]+\]"
call /dev/talk r r:1 > /dev/null
line=$(timeout 5 dd if=/sys/kernel/debug/chr_ext/talk bs=1000 count=2 status=none | tail -n 1)
like "a record in debugfs is level,number,time,device;text" "$line" \
	"^6,[0-9]+,[0-9]+,talk;open by process [0-9]+$"
like "as JSON" "$(chrext log talk --no-follow --json | jq -c '[.level, .device, .text]' | tail -n 1)" \
	'^\[6,"talk","close"\]$'
for ((i = 0; i < 300; i++)); do
	: < /dev/talk
done
is "the log keeps the last 256 records" \
	"$(chrext log talk --no-follow 2> /dev/null | wc -l)" 256

# dmesg.
lines() {
	dmesg | grep -c "chr_ext: talk: $1"
}
is "by default nothing of it is in dmesg" "$(lines .)" 0
echo 1 > /sys/module/chr_ext/parameters/dmesg
: < /dev/talk
echo 0 > /sys/module/chr_ext/parameters/dmesg
is "with the parameter it is" "$(lines 'open by process')" 1
echo 1 > /sys/module/chr_ext/parameters/dmesg
for ((i = 0; i < 300; i++)); do
	: < /dev/talk
done
echo 0 > /sys/module/chr_ext/parameters/dmesg
copies=$(lines .)
ok "but a flood is not ($copies lines of 602)" test "$copies" -lt 100
chrext unload talk
like "chrext show has the reason of a detach" "$(chrext show talk)" \
	"detached: by chrext\[[0-9]+\]"
like "the log keeps it" "$(chrext log talk --no-follow | tail -n 1)" "detached: by chrext"
is "dmesg has no line for a device that came and went" \
	"$(dmesg | grep -c 'device 0 of driver talk\|talk: gone')" 0

finish
