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

# loops OP CMD...: CMD waits for OP of the driver slow, which loops.
loops() {
	local op=$1 start=$SECONDS pid
	shift
	dmesg -c > /dev/null
	"$@" > /tmp/out 2>&1 &
	pid=$!
	ok "$op: after two seconds the kernel's log names it" soon waiting "$op"
	like "$op: and so does the driver's" "$(chrext log slow --no-follow)" \
		"waiting for $op of slow"
	if can_hold; then
		ok "$op: the command returns" wait $pid
		ok "$op: soon" test $((SECONDS - start)) -le $((6 * LAB_SLOW))
		stop
	else
		sleep 2
		ok "$op: the command waits" kill -0 $pid
		like "$op: and says so" "$(cat /tmp/out)" "waiting for $op of slow"
		stop
		ok "$op: until the op ends" wait $pid
	fi
	ok "$op: which ends the waiting" soon eval \
		"dmesg | grep -q 'chr_ext: slow: no longer waiting'"
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

chrext load "$slow"
loops update chrext replace "$slow" --set loops=2
ok "a driver whose update op looped is unloaded" chrext unload slow

chrext load "$slow" --set loops=3
loops remove chrext unload slow
ok "nothing is left of it either" soon nothing_left
ok "a driver of that name is loaded again" chrext load "$slow"
chrext unload slow

finish
