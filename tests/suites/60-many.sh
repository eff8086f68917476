#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 180

. "$SRC/tests/suites/common.bash"

# seconds CMD...: how long it takes, in $took, rounded up.
seconds() {
	local start=$EPOCHREALTIME
	"$@" || { took=9999; return; }
	took=$(((${EPOCHREALTIME/./} - ${start/./}) / 1000000 + 1))
}

nodes() {
	(shopt -s nullglob; set -- /dev/tiny*; echo $#)
}

seconds chrext load "$TESTDRIVERS/tiny.bpf.o" --set instances=1024
ok "1,024 devices come in 30 s at most ($took s)" test $took -le $((30 * LAB_SLOW))
is "all of them" "$(nodes)" 1024
is "the last works" "$(call /dev/tiny1023 rw w:x r:9)" "1 1:x"
text $class/tiny1023/instance
is "as the last" "$text" 1023
is "list has them all" "$(chrext list | wc -l)" 1025
exec 5<> /dev/tiny1000
seconds chrext unload tiny
ok "1,024 devices go in 30 s at most ($took s)" test $took -le $((30 * LAB_SLOW))
is "all of them" "$(nodes)" 0
exec 5>&-
ok "nothing is left" nothing_left

chrext load "$TESTDRIVERS/tiny.bpf.o"
points "$PROGS/files" /dev/tiny 10000
text $class/tiny/statistics/opens
is "10,000 opens are counted" "$text" 10000
is "and none is open any more" "$(cat $class/tiny/files)" 0
points "$PROGS/files" /dev/tiny 10000 chrext unload tiny

finish
