#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 240
# smp: threads
#
# Programs that do not want to end, or to let others go on.

. "$SRC/tests/suites/chip.bash"

linger=$TESTDRIVERS/linger.bpf.o

# ends LIMIT COMMAND...: in so many seconds.
ends() {
	local start=$SECONDS limit=$(($1 * LAB_SLOW))
	shift
	"$@" > /tmp/out 2>&1
	[ $((SECONDS - start)) -le $limit ]
}

# lingers WHERE OPTION...
lingers() {
	chrext load "$linger" --set other="$id" --set where="$1" "${@:2}"
}

unbind() {
	echo chr_ext.linger.0 > $drivers/chr_ext.linger/unbind
}

chrext load "$DRIVERS/hello.bpf.o"
text $class/hello/id
id=$text

# ended PID: by SIGTERM.
ended() {
	local status=0
	wait "$1" 2> /dev/null || status=$?
	[ $status -eq 143 ]
}

# For another device, or keeping the CPU.
for busy in 0 1; do
	ok "busy $busy: a driver that lingers in close" lingers 2 --set busy=$busy
	exec {fd}< /dev/linger
	ok "busy $busy: is unloaded in time" ends 4 chrext unload linger
	exec {fd}<&-
	ok "busy $busy: a driver that lingers in remove" lingers 3 --set busy=$busy
	ok "busy $busy: loses its device in time" ends 4 unbind
	fails "busy $busy: it is gone" test -e /dev/linger
	echo chr_ext.linger.0 > $drivers/chr_ext.linger/bind
	ok "busy $busy: is unloaded in time" ends 4 chrext unload linger
	start=$SECONDS
	fails "busy $busy: one that lingers in probe is refused" lingers 1 --set busy=$busy
	like "busy $busy: as its time is over" "$tap_output" "probe of linger failed: -EBUSY"
	ok "busy $busy: which is 10 seconds" test $((SECONDS - start)) -le $((14 * LAB_SLOW))
done

# Many that want to take 3 seconds each, while ops of another driver sleep 100
# times 20 ms.
ok "50 devices that take their time" lingers 3 --set us=100000 --set rounds=30 --set instances=50
chrext load "$TESTDRIVERS/every.bpf.o"
while [ ! -e /tmp/stop ]; do
	call /dev/every rw i:0x6510,20000
	echo
done > /tmp/dozed &
dozer=$!
start=$EPOCHREALTIME
ok "go" chrext unload linger
ms=$(((${EPOCHREALTIME/./} - ${start/./}) / 1000))
ok "at the same time, in the second that they have ($ms ms)" \
	test $ms -ge 1000 -a $ms -lt $((5000 * LAB_SLOW))
touch /tmp/stop
wait $dozer
is "what others sleep meanwhile is not cut short" "$(sort -u /tmp/dozed)" 100
chrext unload every

# A probe that only the driver core waits for.
chip_new c
ok "a driver whose boards take long" lingers 1 --set compatible=chr-ext,linger
mkdir $boards/b $boards/b/data
echo chr-ext,linger > $boards/b/compatible
echo c:0 > $boards/b/data/lines
echo 1 > $boards/b/live &
slow=$!
sleep 1
cat $boards/b/live > /tmp/live &
other=$!
sleep 0.5
ok "does not keep others from making one" ends 2 mkdir $boards/d
rmdir $boards/d
fails "the board cannot change meanwhile" mkdir $boards/b/more
ok "is unloaded in time" ends 4 chrext unload linger
ok "which leaves the board" wait $slow
ok "alive" wait $other
echo 0 > $boards/b/live
rmdir $boards/b/data $boards/b
chip_del c

# A waiter that its own op wakes calls it again and again, but lets others
# have the CPU, also where the kernel is not preemptible.
ok "a driver that wakes its own callers" chrext load "$TESTDRIVERS/eager.bpf.o"
taskset -c 1 cat /dev/eager &
eager=$!
sleep 1
ok "a reader does not keep the CPU" timeout 10 taskset -c 1 true
kill $eager
ok "and a signal ends it" ended $eager
taskset -c 1 python3 -c '
import os, select
poll = select.poll()
poll.register(os.open("/dev/eager", os.O_RDONLY), select.POLLIN)
poll.poll()' &
eager=$!
sleep 2
ok "nor does one in poll" timeout 10 taskset -c 1 true
kill $eager
ok "which a signal ends, too" ended $eager
chrext unload eager
chrext unload hello
chip_unload
finish
