#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 90

. "$SRC/tests/suites/common.bash"

# unload_quickly NAME DESC: within a second, which is more than a guest needs.
unload_quickly() {
	local start=$EPOCHREALTIME ms
	ok "$2: the driver can be detached" timeout 20 chrext unload "$1"
	ms=$(((${EPOCHREALTIME/./} - ${start/./}) / 1000))
	ok "$2: within two seconds ($ms ms)" test $ms -lt $((2000 * LAB_SLOW))
}

ok "a driver of messages" chrext load "$TESTDRIVERS/sponge.bpf.o"
ok "one of streams" chrext load "$TESTDRIVERS/sponge.bpf.o" --name stream --set flags=4
points "$PROGS/faults" mem /dev/sponge /dev/stream
chrext unload stream

# A page that never comes, asked for outside the guard.
"$PROGS/faults" stall /dev/sponge /tmp/stalled &
stalled=$!
ok "a read into a page that userfaultfd keeps back waits for it" \
	soon test -e /tmp/stalled
unload_quickly sponge "while it waits"
fails "and the node is gone" test -e /dev/sponge
ok "the reader still waits, and can be killed" kill -9 $stalled
wait $stalled 2> /dev/null

# The same, asked for by the program, inside the guard.
ok "a driver that reads its caller's memory" chrext load "$TESTDRIVERS/peek.bpf.o"
got=$(timeout 5 "$PROGS/faults" peek /dev/peek /tmp/peeked)
is "gets EFAULT where it would have to wait" "$got" -14
unload_quickly peek "after that"

# Kernels from 6.15 on have a kfunc for the memory of any task.
if grep -qw bpf_copy_from_user_task_str /proc/kallsyms; then
	if chrext load "$TESTDRIVERS/peek_task.bpf.o" 2> /tmp/why; then
		"$PROGS/faults" peek /dev/peek_task /tmp/peeked > /tmp/got &
		peeker=$!
		sleep 1
		unload_quickly peek_task "while a program reads a task's memory"
		kill -9 $peeker
		wait $peeker 2> /dev/null
	else
		pass "a driver that reads any task's memory is refused"
		like "for that reason" "$(refusals | tail -n 1)" \
			"refused: a driver may not call the kfunc bpf_copy_from_user_task_str"
		like "which chrext gives" "$(cat /tmp/why)" "may not call the kfunc"
	fi
fi

# A reader of a log whose page never arrives, while that log is dropped.
chrext load "$DRIVERS/hello.bpf.o" --name first
chrext unload first
"$PROGS/faults" stall /sys/kernel/debug/chr_ext/first /tmp/read-log &
reader=$!
ok "a reader of a log waits for its own page" soon test -e /tmp/read-log
for ((i = 0; i < 17; i++)); do
	timeout 20 chrext load "$DRIVERS/hello.bpf.o" --name "next$i" &&
		timeout 20 chrext unload "next$i" || break
done
is "17 drivers come and go all the same" $i 17
fails "and its log is dropped" test -e /sys/kernel/debug/chr_ext/first
kill -9 $reader
wait $reader 2> /dev/null

# What else of the kernel's could wait for the caller, where there is it.
waits() {
	fails "$1 is refused" chrext load "$REJECT/$1.bpf.o"
	grep -qw "$2" /proc/kallsyms || return
	like "$1: because of $2" "$tap_output" \
		"may not call the kfunc $2|$2 is not allowed"
}
fails "task_stack is refused" chrext -v load "$REJECT/task_stack.bpf.o"
like "task_stack: because of its helper" "$tap_output" "bpf_get_task_stack"
waits file_dynptr bpf_dynptr_from_file
waits user_key bpf_lookup_user_key
waits hid hid_bpf_allocate_context

finish
