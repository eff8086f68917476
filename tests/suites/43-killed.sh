#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 120

. "$SRC/tests/suites/common.bash"

hello=$DRIVERS/hello.bpf.o

# The loader killed at each step that makes something.
trace() {
	awk -v "what=$1" '/bpf\(/ { n++ } $0 ~ "bpf\\(" what { print n }' /tmp/bpf-calls
}
strace -f -e trace=bpf -o /tmp/bpf-calls chrext load "$hello"
chrext unload hello
for step in BPF_PROG_LOAD,.*STRUCT_OPS BPF_MAP_UPDATE_ELEM BPF_LINK_CREATE \
	BPF_OBJ_PIN; do
	at=$(trace "$step" | tail -n 1)
	what=${step%%,*}
	[ -n "$at" ] || { fail "$what is not a step of the loader"; continue; }
	strace -f -o /dev/null -e trace=bpf -e "inject=bpf:signal=KILL:when=$at" \
		chrext load "$hello" > /dev/null 2>&1
	is "killed at $what (call $at)" $? 137
	ok "killed at $what: no node" soon test ! -e /dev/hello
	is "killed at $what: nothing pinned" "$(find /sys/fs/bpf -type f)" ""
	ok "killed at $what: no program, map or link" soon bpf_as_before
	ok "killed at $what: the module is unused" soon unused
done
ok "it loads afterwards" chrext load "$hello"
is "and works" "$(call /dev/hello r r:9)" 4:ebpf
chrext unload hello
ok "and leaves no pins" test ! -e $pins

# A loader in the foreground, killed or interrupted.
for signal in KILL TERM INT HUP; do
	chrext load "$hello" --foreground > /dev/null 2>&1 &
	loader=$!
	soon test -c /dev/hello
	kill -$signal $loader
	wait $loader 2> /dev/null
	ok "SIG$signal to a loader in the foreground takes the driver away" \
		soon test ! -e /dev/hello
done
ok "the log has the reason" grep -q 'detached: ' <(chrext show hello)

finish
