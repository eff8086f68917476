#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 120
#
# Programs that loop until they are stopped.

. "$SRC/tests/suites/common.bash"

slow=$TESTDRIVERS/slow.bpf.o

# The loops are meant to keep a CPU.
echo 0 > /proc/sys/kernel/watchdog
echo 1 > /sys/module/rcupdate/parameters/rcu_cpu_stall_suppress

# stop: ends the loops of all versions, by zeros in all variables.
stop() {
	local id size
	while read -r id size; do
		# shellcheck disable=SC2046
		bpftool map update id "$id" key 0 0 0 0 \
			value $(yes 0 | head -n "$size")
	done < <(bpftool -j map show |
		jq -r '.[] | select(.name == "slow.bss") | "\(.id) \(.bytes_value)"')
}

waiting() {
	dmesg | grep -q "chr_ext: slow: waiting for $1 of slow"
}

# Whether the kernel lets a module keep the ops of a detached driver.
can_hold() {
	grep -qw bpf_struct_ops_get /usr/lib/modules/"$(uname -r)"/build/Module.symvers
}

# What a test does while a command waits.
meanwhile() {
	:
}

# loops OP CMD...: CMD waits for OP of the driver slow, which loops.
loops() {
	local op=$1 start pid
	shift
	# Attaches wait for CMD, too.
	chrext load "$TESTDRIVERS/every.bpf.o"
	dmesg -c > /dev/null
	start=$SECONDS
	"$@" > /tmp/out 2>&1 &
	pid=$!
	ok "$op: after two seconds the kernel's log names it" soon waiting "$op"
	like "$op: and so does the driver's" "$(chrext log slow --no-follow)" \
		"waiting for $op of slow"
	meanwhile
	is "$op: programs of other drivers can sleep" "$(call /dev/every rw i:$((0x6507)),200000)" 0
	if can_hold; then
		ok "$op: the command returns" wait $pid
		ok "$op: soon" test $((SECONDS - start)) -le $((20 * LAB_SLOW))
		stop
	else
		sleep 2
		ok "$op: the command waits" kill -0 $pid
		like "$op: the loader names the op" "$(cat /tmp/out)" "waiting for $op of slow"
		stop
		ok "$op: until the op ends" wait $pid
	fi
	ok "$op: which ends the waiting" soon eval \
		"dmesg | grep -q 'chr_ext: slow: no longer waiting'"
	chrext unload every
}

chrext load "$slow" --set loops=1
call /dev/slow rw w:x > /tmp/wrote &
writer=$!
sleep 0.5
loops write chrext unload slow
fails "the node is gone" test -e /dev/slow
wait $writer
ok "nothing is left of it" soon nothing_left
is "and the writer has its result" "$(cat /tmp/wrote)" 1

# While an update waits for an op of the old version, the new one probes a device.
meanwhile() {
	echo chr_ext.slow.1 > $drivers/chr_ext.slow/bind
}
chrext load "$slow" --set loops=1 --set instances=3
echo chr_ext.slow.1 > $drivers/chr_ext.slow/unbind
call /dev/slow0 rw w:x > /tmp/wrote &
writer=$!
sleep 0.5
loops write chrext replace "$slow" --set instances=3 --set number=2
meanwhile() {
	:
}
wait $writer
chrext log slow --no-follow > /tmp/log
ok "a device bound meanwhile is probed by the new version" grep -q "probed 1 by 2" /tmp/log
is "update is called for the devices of the old version only" \
	"$(sed -n 's/.*: update \([0-9]\) by 2$/\1/p' /tmp/log | sort | xargs)" "0 2"
chrext unload slow

chrext load "$slow"
loops update chrext replace "$slow" --set loops=2
ok "a driver whose update op looped is unloaded" chrext unload slow

chrext load "$slow" --set loops=3
loops remove chrext unload slow
ok "nothing is left of it either" soon nothing_left
ok "a driver of that name is loaded again" chrext load "$slow"
chrext unload slow

finish
