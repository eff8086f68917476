#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 180
# also: rt
# smp: threads

. "$SRC/tests/suites/common.bash"

ok "a driver that can be without data" chrext load "$TESTDRIVERS/every.bpf.o"
points "$PROGS/sleepers" wake /dev/every
points "$PROGS/sleepers" one /dev/every
points "$PROGS/sleepers" killed /dev/every
points "$PROGS/sleepers" life /dev/every
points "$PROGS/sleepers" calls /dev/every
points "$PROGS/sleepers" race /dev/every
ok "no file is left open" soon grep -qx 0 $class/every/files
points "$PROGS/sleepers" uring /dev/every
points "$PROGS/sleepers" detach /dev/every "chrext unload every"

ok "and by the loader's end" \
	bash -c "chrext load $TESTDRIVERS/every.bpf.o --foreground & echo \$! > /tmp/loader"
soon test -c /dev/every
points "$PROGS/sleepers" detach /dev/every "kill -9 $(cat /tmp/loader)"

chrext load "$TESTDRIVERS/every.bpf.o" --set timeout_ms=200
points "$PROGS/sleepers" timeout /dev/every
chrext unload every

# Serialised ops: a waiter that is woken may die before its turn.
chrext load "$TESTDRIVERS/every.bpf.o" --set flags=0x11
points "$PROGS/sleepers" killed /dev/every
points "$PROGS/sleepers" crowd /dev/every "chrext unload every"

# mmap holds a lock of its caller's memory; close(2) cannot be interrupted, which is
# part of the end of each process that has the file.
mkfifo /tmp/never
exec 7<> /tmp/never
chrext load "$TESTDRIVERS/every.bpf.o" --set flags=0x21
exec 5<> /dev/every
call - rw i:$((0x6510)),200000 <&5 > /tmp/dozed &
dozer=$!
read -r -t 0.5 -u 7
start=$EPOCHREALTIME
call - rw map:4096 <&5 > /tmp/mapped
ms=$(((${EPOCHREALTIME/./} - ${start/./}) / 1000))
exec 5<&-
is "mmap does not wait for a turn" "$(cat /tmp/mapped)" EAGAIN
ok "close(2) does, for a bounded time ($ms ms)" \
	test $ms -ge 500 -a $ms -lt $((6000 * LAB_SLOW))
wait $dozer
is "the sleeps of the other op fail" "$(cat /tmp/dozed)" 100
is "mmap in its turn" "$(call /dev/every rw map:4096)" 0
chrext unload every

# A detach while programs sleep in the guard.
chrext load "$TESTDRIVERS/every.bpf.o"
"$PROGS/call" /dev/every rw i:$((0x6510)),500000 > /tmp/slept &
sleeper=$!
sleep 0.3
ok "a program that sleeps does not delay the unload" chrext unload every
wait $sleeper
is "its sleep fails with ENODEV" "$(cat /tmp/slept)" ENODEV

# A program that sleeps again and again for one device, while another is removed.
chrext load "$TESTDRIVERS/every.bpf.o" --set instances=2
"$PROGS/call" /dev/every1 rw i:$((0x6510)),200000 > /tmp/dozed &
dozer=$!
sleep 0.3
start=$EPOCHREALTIME
ok "a device is unbound while its neighbour's program sleeps for 20 s" \
	timeout 15 sh -c "echo chr_ext.every.0 > $drivers/chr_ext.every/unbind"
ms=$(((${EPOCHREALTIME/./} - ${start/./}) / 1000))
ok "within some seconds ($ms ms)" test $ms -lt $((5000 * LAB_SLOW))
wait $dozer
is "whose op ends" "$(cat /tmp/dozed)" 100
chrext unload every

chrext load "$TESTDRIVERS/every.bpf.o"
"$PROGS/call" /dev/every rw i:$((0x6510)),200000 > /tmp/dozed &
dozer=$!
sleep 0.3
start=$EPOCHREALTIME
ok "a driver is updated while its program sleeps for 20 s" \
	timeout $((15 * LAB_SLOW)) chrext replace "$TESTDRIVERS/every.bpf.o"
ms=$(((${EPOCHREALTIME/./} - ${start/./}) / 1000))
ok "within some seconds ($ms ms)" test $ms -lt $((5000 * LAB_SLOW))
wait $dozer
is "whose op ends" "$(cat /tmp/dozed)" 100
chrext unload every

# Callers with memory that never arrives.
stuck() {
	local what="$2, memory kept back by $1" start ms pid
	chrext load "$TESTDRIVERS/every.bpf.o"
	rm -f /tmp/ready
	"$PROGS/stuck" "$1" "$2" /dev/every /tmp/ready > /tmp/got &
	pid=$!
	ok "$what: it waits" soon test -e /tmp/ready
	start=$EPOCHREALTIME
	ok "$what: the driver goes" timeout 20 chrext unload every
	ms=$(((${EPOCHREALTIME/./} - ${start/./}) / 1000))
	ok "$what: within some seconds ($ms ms)" test $ms -lt $((5000 * LAB_SLOW))
	ok "$what: it waits still" kill -0 $pid
	kill -9 "$(cat /tmp/ready)" $pid
	wait $pid 2> /dev/null
}
for by in uffd fuse; do
	for what in read write ioctl nested; do
		stuck $by $what
	done
done

finish
