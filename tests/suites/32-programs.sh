#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 120

. "$SRC/tests/suites/common.bash"

# refused OBJECT WHY: by the verifier.
refused() {
	fails "$1 is refused" chrext -v load "$REJECT/$1.bpf.o"
	like "$1: for the right reason" "$tap_output" "$2"
	fails "$1: there is no node" test -e "/dev/$1"
	! [ -e "/dev/$1" ] || chrext unload "$1"
}

not_allowed='calling kernel function chr_ext_[a-z_]* is not allowed'
refused put_in_write "$not_allowed"
refused get_in_read "$not_allowed"
refused file_in_probe "$not_allowed"
refused io_in_open "$not_allowed"
refused unchecked "invalid mem access '(rdwr_)?mem_or_null'"
refused beyond "invalid access to memory"
refused scribble "only read is supported"
forged='expected STRUCT|must point to|expected pointer|must be referenced or trusted'
refused forged "$forged"
refused forged_dev "$forged"
refused forged_file "$forged"
refused user_in_read "$not_allowed"
refused caller_in_close "$not_allowed"
refused put_unpinned 'release kfunc|must be referenced|[Uu]nacquired|expects refcounted|not referenced'
refused keep_pinned 'Unreleased reference|reference leak'
refused sleep_fast 'sleepable'
refused pin_in_open "$not_allowed"
refused pin_in_poll "$not_allowed"
refused line_in_poll "$not_allowed"
refused pin_fast 'sleepable'
refused pin_name 'does not point to a readonly map'
refused unserved "has the op suspend .*does not serve"

refused throw "may not call the kfunc bpf_throw|failed to load" # of the kernel
like "throw: the kernel log names it" "$(refusals | tail -n 1)" \
	"throw_read: refused: a driver may not call the kfunc bpf_throw"
# By the loader, and by the kernel where another loader has not looked.
mkdir -p /sys/fs/bpf/x
narrow() {
	refused "$1" "returns"
	fails "$1: bpftool is refused" \
		bpftool_quietly struct_ops register "$REJECT/$1.bpf.o" /sys/fs/bpf/x
	like "$1: the kernel log has both sizes" "$(refusals | tail -n 1)" "$2"
}
narrow narrow "narrow_read: refused: it returns 4 bytes, the op 8"
narrow valued "valued_close: refused: it returns 4 bytes, the op 0"
rmdir /sys/fs/bpf/x
ok "helpers and kfuncs that are allowed load" \
	chrext load "$TESTDRIVERS/allowed.bpf.o"
is "and run" "$(head -n 1 /dev/allowed)" 6
chrext unload allowed

# A program of TCP's may not call ours, with the very same loader as TCP's own.
mkdir -p /sys/fs/bpf/x
fails "a program of another struct_ops is refused" \
	bpftool_quietly struct_ops register "$REJECT/other_kind.bpf.o" /sys/fs/bpf/x
like "for calling our kfunc" "$tap_output" \
	"calling kernel function chr_ext_log is not allowed"
rmdir /sys/fs/bpf/x

# Newer headers.
ok "a driver of a newer header that uses nothing new loads" \
	chrext load "$TESTDRIVERS/newer.bpf.o"
is "and works" "$(call /dev/newer r r:1)" 0
chrext unload newer
fails "one that uses a new member is refused" \
	chrext load "$TESTDRIVERS/newer.bpf.o" --set later=1
like "with its name" "$tap_output" "newer.later"
fails "and there is no node" test -e /dev/newer

# Programs that may sleep and programs that may not.
ok "sleepable and other programs load" chrext load "$TESTDRIVERS/pair.bpf.o"
is "a sleepable read runs" "$(call /dev/pair_a r r:1)" 0
is "one that is not runs" "$(call /dev/pair_b r r:1)" 0
chrext unload pair_a
chrext unload pair_b

ok "a driver with a lock, a loop and a dynptr loads" chrext load "$TESTDRIVERS/locked.bpf.o"
is "and works" "$(call /dev/locked rw w:12345 w:123 r:2)" "5 3 2:13"
chrext unload locked

finish
