#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 120

. "$SRC/tests/suites/common.bash"

hello=$DRIVERS/hello.bpf.o

# Files.
exits 1 "a file that is not there" chrext load /nowhere.bpf.o
like "is named" "$tap_output" "/nowhere.bpf.o: No such file"
exits 1 "a directory" chrext load /tmp
like "is named" "$tap_output" "/tmp is not a regular file"
exits 1 "a file that is not ELF" chrext load /etc/passwd
like "is named" "$tap_output" "/etc/passwd is not an ELF file"
: > /tmp/empty
exits 1 "an empty file" chrext load /tmp/empty
exits 1 "an ELF file of this machine" chrext load /bin/true
like "is distinguished from BPF" "$tap_output" "for another machine"
exits 1 "a BPF object without driver" chrext load "$REJECT/no_ops.bpf.o"
like "is refused" "$tap_output" "holds no driver"
size=$(stat -c %s "$hello")
for part in 3 20 64 $((size / 4)) $((size - 64)) $((size - 1)); do
	head -c "$part" "$hello" > /tmp/part.bpf.o
	exits 1 "an object cut after $part of $size bytes" chrext load /tmp/part.bpf.o
	like "cut after $part: one line of error" "${tap_output%$'\n'}" $'^chrext: /tmp/part[^\n]*$'
done
# Garbage inside must not crash the loader; whether it loads is another matter.
crashes=0
for ((i = 1; i < 7; i++)); do
	cp "$hello" /tmp/bad.bpf.o
	printf '\xff\xff\xff\xff\xff\xff\xff\xff' |
		dd of=/tmp/bad.bpf.o bs=1 seek=$((size * i / 7)) conv=notrunc status=none
	status=0
	chrext load /tmp/bad.bpf.o --name bad > /dev/null 2>&1 || status=$?
	[ $status -le 1 ] || crashes=$((crashes + 1))
	[ $status -ne 0 ] || chrext unload bad
done
is "no damage in an object crashes the loader" $crashes 0

# Usage.
exits 2 "no verb" chrext
exits 2 "an unknown verb" chrext fly
exits 2 "load without file" chrext load
exits 2 "load of two files" chrext load a b
exits 2 "an unknown option" chrext load --fly "$hello"
exits 2 "an option of another verb" chrext list --foreground
exits 2 "--set without value" chrext load "$hello" --set mode
exits 0 "--help" chrext --help
exits 0 "--version" chrext --version
exits 1 "unload of what is not there" chrext unload hello
exits 1 "show of what is not there" chrext show hello
exits 1 "log of what is not there" chrext log none --no-follow
exits 1 "a name that cannot be" chrext load "$hello" --name a/b
exits 0 "list of nothing" chrext list
is "is empty" "$tap_output" ""

# Names that are taken.
exits 0 "hello loads" chrext load "$hello"
exits 1 "not twice" chrext load "$hello"
like "for the reason" "$tap_output" "\"hello\" is loaded already"
is "the first is unharmed" "$(call /dev/hello r r:9)" 4:ebpf
like "list has it" "$(chrext list)" "hello +hello +0"
is "list --json too" "$(chrext list --json | jq -r '.[].node')" hello
is "show --json has its numbers" \
	"$(chrext show hello --json | jq -c '.devices[0].statistics | [.opens, .reads, .read_bytes]')" \
	"[1,1,4]"
exits 0 "unload" chrext unload hello
exits 1 "not twice" chrext unload hello
ok "the pins are gone" test ! -e $pins

# The lock of the loaders is for pins only: a load attaches without it.
lock_taken() {
	! flock -n /sys/fs/bpf true
}
flock /sys/fs/bpf sleep $((4 * LAB_SLOW)) &
locker=$!
soon lock_taken
chrext load "$hello" &
loader=$!
ok "a load attaches while another loader has the lock" soon test -c /dev/hello
ok "which it still has" kill -0 $locker
fails "the pin has to wait" test -e $pins/hello/link
ok "and is made when the lock is free" wait $loader
ok "as it should be" test -e $pins/hello/link
flock /sys/fs/bpf sleep $((4 * LAB_SLOW)) &
locker=$!
soon lock_taken
chrext unload hello &
loader=$!
ok "an unload detaches without the lock" soon test ! -e /dev/hello
ok "which another loader still has" kill -0 $locker
wait $loader

# All of an object or nothing.
exits 1 "two drivers of which the second's node is taken" \
	chrext load "$TESTDRIVERS/pair.bpf.o" --set pair_b.name=null
like "for the reason" "$tap_output" '"null" was refused: there is a /dev/null'
ok "leave no node" test ! -e /dev/pair_a
ok "and no pin" test ! -e $pins
exits 1 "two drivers of one name" chrext load "$TESTDRIVERS/pair.bpf.o" --set pair_b.name=pair_a
exits 0 "two drivers" chrext load "$TESTDRIVERS/pair.bpf.o"
ok "are two nodes" test -c /dev/pair_a -a -c /dev/pair_b
exits 0 "unload of one" chrext unload pair_a
exits 0 "and of the other" chrext unload pair_b

# A verifier's refusal shows its reason; more with -v.
exits 1 "a program that the verifier rejects" chrext load "$REJECT/beyond.bpf.o"
like "is named with its op" "$tap_output" "rejected wrong_read, op read of driver \"beyond\""
like "and the reason" "$tap_output" "invalid access to memory|Access outside bounds"
ok "in less than 40 lines" test "$(wc -l <<< "$tap_output")" -lt 40

# explains OBJECT FIRST [SECOND]: the first lines of a refusal are these.
explains() {
	local lines
	fails "$1 is refused" chrext load "$REJECT/$1.bpf.o"
	mapfile -t lines <<< "$tap_output"
	like "$1: the first line has place and reason" "${lines[0]}" "$2"
	[ $# -lt 3 ] || like "$1: the second has a hint" "${lines[1]}" "$3"
}

explains beyond "at beyond\.bpf\.c:11: .*outside|invalid access to memory"
explains unchecked "at unchecked\.bpf\.c:8: R0 invalid mem access" "compare it with NULL"
explains scribble "at scribble\.bpf\.c:8: only read is" "chr_ext_io_set_pos\(\)"
explains no_prog "at no_prog\.bpf\.c:6: R2 !read_ok" "BPF_PROG\(\)"
explains endless "at endless\.bpf\.c:[0-9]*: infinite loop" "bpf_for\(\)"
explains get_in_read "calling kernel function chr_ext_io_get is not allowed" \
	"op read may not call chr_ext_io_get\(\); see its Ops in Documentation/abi\.md"
explains file_in_probe "calling kernel function chr_ext_file_data" "op probe may not call"
explains sleep_fast "at sleep_fast\.bpf\.c:8: program must be sleepable" \
	'chr_ext_sleep_us\(\) sleeps: the program needs SEC\("struct_ops\.s/open"\)'
# The verifier of 6.12 does not notice, but the kfunc does: the log stays clean.
if [[ $(uname -r) == 6.12.* ]]; then
	ok "a timer that would sleep loads" chrext load "$REJECT/sleep_timer.bpf.o"
	sleep 0.5
	ok "does no harm, and unloads" chrext unload sleep_timer
else
	explains sleep_timer "must be sleepable" "a timer callback may not"
fi
explains literal "at literal\.bpf\.c:8: write into map forbidden" "copy the string literal"
explains set_const "at set_const\.bpf\.c:10: write into map forbidden" "^  "
explains no_license "\"no_license\": .*GPL compatible" 'SEC\("license"\)'
fails "a program for two ops" chrext load "$REJECT/twice.bpf.o"
like "is named" "$tap_output" "twice\.bpf\.o has twice_open\(\) in two ops: each"
explains stack_con_id "op probe .*at stack_con_id\.bpf\.c:11: .*(const string|readonly map)" \
	"a con_id must be a string literal"
explains returns "op read returns long, but the program short_read returns int"
explains section 'wrong_read of driver "section" is in section "struct_op/read": it needs SEC\("struct_ops/read"\)'
explains no_section 'is in no section for ops: it needs SEC\("struct_ops/OP"\)'

# without OPTION OTHER: hello, compiled with the other only.
without() {
	clang-19 -target bpf "$2" -I "$SRC/bpf/include" \
		-c "$SRC/bpf/drivers/hello.bpf.c" -o /tmp/without.bpf.o
	fails "a driver that was compiled without $1" chrext load /tmp/without.bpf.o
	like "is refused with the option" "${tap_output%$'\n'}" "without.bpf.o has .*: compile it with $1\$"
}
without -g -O2
without -O2 -g

exits 1 "-v" chrext -v load "$REJECT/beyond.bpf.o"
like "prints the messages of libbpf" "$tap_output" "libbpf: "

finish
