#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 90
# also: rt
# smp: threads

. "$SRC/tests/suites/common.bash"

p=/dev/scullpipe

# load SET...: what loads must not stay when a suite goes on without it.
load() {
	chrext load "$DRIVERS/scullpipe.bpf.o" "$@"
}

ok "two pipes" load --set instances=2
points "$PROGS/pipe" basic ${p}0 ${p}1
points "$PROGS/pipe" detach ${p}0 ${p}1 chrext unload scullpipe

ok "a pipe of one byte" load --set dev_size=25
is "takes one, gives one" "$(call $p rwn w:ab w:c r:9 r:9)" "1 EAGAIN 1:a EAGAIN"
chrext unload scullpipe
fails "a pipe of none is refused" load --set dev_size=24
like "by its probe" "$tap_output" "probe"

ok "a pipe of four long records" load --set dev_size=$((24 + 4 * 65536))
points "$PROGS/pipe" long $p
chrext unload scullpipe

# read_calls: how often the op ran.
read_calls() {
	bpftool -j prog show name scullpipe_read | jq '[.. | .run_cnt? // empty] | add'
}

# crowd N: sleepers get a record each; the cost in $calls and $switches.
crowd() {
	local line before
	coproc "$PROGS/pipe" crowd $p "$1"
	exec 7<&"${COPROC[0]}" 8>&"${COPROC[1]}"
	while IFS= read -r line <&7; do
		case $line in
		ok\ *) pass "$1 sleepers: ${line#ok * - }" ;;
		not\ ok\ *) fail "$1 sleepers: ${line#not ok * - }" ;;
		Bail*) fail "$1 sleepers: $line" ;;
		GO)
			before=$(read_calls)
			echo >&8
			;;
		SWITCHES\ *)
			switches=${line#SWITCHES }
			calls=$(($(read_calls) - before))
			;;
		esac
	done
	exec 7<&- 8>&-
	wait
	diag "$1 sleepers: $calls calls of read, $switches context switches"
}

echo 1 > /proc/sys/kernel/bpf_stats_enabled
ok "a pipe that wakes one reader" load
crowd 1000
like "they are served by about two calls each" "$calls" '^[12]...$'
like "and as many context switches" "$switches" '^(9..|[12]...)$'
crowd 100
one_calls=$calls one_switches=$switches
chrext unload scullpipe
ok "a pipe that wakes all of them" load --set wake_all=true
crowd 100
ok "wakes all remaining readers for each record ($calls, not $one_calls)" \
	test "$calls" -gt $((10 * one_calls))
diag "context switches: $switches when all are woken, $one_switches when one is"
points "$PROGS/pipe" edge $p
chrext unload scullpipe
echo 0 > /proc/sys/kernel/bpf_stats_enabled

finish
