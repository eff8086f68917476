#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 180
#
# chrext inspect and load --dry-run, and why an object does not fit a machine.

. "$SRC/tests/suites/common.bash"

hello=$DRIVERS/hello.bpf.o
types=$TESTDRIVERS/types.bpf.o

# of FILTER OBJECT [OPTION...]: what inspect --json has.
of() {
	chrext inspect "${@:2}" --json | jq -c "$1"
}

# What is in an object.
exits 0 "inspect" chrext inspect "$hello"
like "has the driver" "$tap_output" $'\n''driver +hello'$'\n'
like "its ops and their programs" "$tap_output" "ops +open +hello_open +sleepable"
like "its members" "$tap_output" "  mode=0666  \(__u32\)"
like "its variables" "$tap_output" $'variables\n.*  last_write=  \\(char \\[64\\]\\)'
like "its kfuncs" "$tap_output" $'kfuncs\n.*  chr_ext_io_put\n'
like "the ABI" "$tap_output" "ABI +1"
like "and that it would load" "$tap_output" "here +loads, "
is "the same as JSON" "$(of '[.abi, .loads, .why, .drivers[0].name]' "$hello")" \
	'[1,true,null,"hello"]'
is "with the ops" "$(of '[.drivers[0].ops[] | .op]' "$hello")" \
	'["open","close","read","write"]'
is "and the hardware" "$(of .drivers[0].compatible "$DRIVERS/keys.bpf.o")" '["chr-ext,keys"]'
is "two drivers" "$(of '[.drivers[].name]' "$TESTDRIVERS/pair.bpf.o")" '["pair_a","pair_b"]'
is "whose members have the C variable" \
	"$(of '[.drivers[].members[0].name]' "$TESTDRIVERS/pair.bpf.o")" \
	'["pair_a.name","pair_b.name"]'
is "--name is applied" "$(of '[.drivers[].name]' "$hello" --name hullo)" '["hullo"]'

# Values, in the form that --set takes.
values=(n.s8=-128 n.u64=18446744073709551615 n.s32=-1 flag=true colour=GREEN colour=7
	"list=1,0,3" text=abc constant=0 mode=0640 types.name=x)
sets=()
for value in "${values[@]}"; do
	sets+=(--set "$value")
done
# variables OBJECT [OPTION...]: VAR=VALUE, one a line.
variables() {
	of '.drivers[].members[], .variables[] | select(.value) | .name + "=" + .value' \
		"$@" | jq -r .
}
got=$(variables "$types" "${sets[@]}")
for value in "${values[@]/types./}"; do
	[ "$value" = colour=GREEN ] || ok "$value is shown" grep -qxF "$value" <<< "$got"
done
for object in "$types" "$TESTDRIVERS/pair.bpf.o" "$DRIVERS/keys.bpf.o"; do
	mapfile -t lines < <(variables "$object")
	sets=()
	for value in "${lines[@]}"; do
		sets+=(--set "$value")
	done
	ok "${object##*/} has variables" test ${#lines[@]} -gt 5
	is "all can be set to what they are" "$(variables "$object" "${sets[@]}")" \
		"$(printf '%s\n' "${lines[@]}")"
done

# Why not: members, flags, kfuncs, as load reports it.
# refused WHY OBJECT [OPTION...]
refused() {
	local why=$1
	shift
	like "${1##*/}: inspect has the reason" "$(of .why "$@")" "$why"
	is "and does not fail" "$(chrext inspect "$@" > /dev/null; echo $?)" 0
	exits 1 "load fails" chrext load "$@"
	like "for the same reason" "$tap_output" "$why"
}
refused "sets newer.later, a member that the loaded chr_ext module does not know" \
	"$TESTDRIVERS/newer.bpf.o" --set later=1
refused "calls chr_ext_future\(\), which neither this kernel nor" \
	"$REJECT/needs_future.bpf.o"
is "the kfunc is marked" "$(of '.kfuncs[] | select(.present | not) | [.name, .optional]' \
	"$REJECT/needs_future.bpf.o")" '["chr_ext_future",false]'
like "a weak one is optional" "$(of '[.loads, .kfuncs[0].optional, .kfuncs[0].present]' \
	"$TESTDRIVERS/future.bpf.o")" "true,true,false"
like "unknown flags" "$(of .why "$hello" --set flags=0x80000001)" \
	'has flags 0x80000000, which the loaded chr_ext module does not know'
like "a name that cannot be" "$(of .why "$hello" --set name=a/b)" "cannot be a driver's name"
exits 1 "a member of a struct that no module has" chrext load "$REJECT/no_member.bpf.o"
like "is named, in one sentence" "${tap_output%%$'\n'*}" \
	"neither this kernel nor the loaded chr_ext module has struct chr_ext_io.much_later\$"
like "and what the author can do" "$tap_output" "bpf_core_field_exists\(\) first"

# An object for a newer module.
mkdir -p /tmp/newer
cp -r "$SRC/bpf/include/chr_ext" /tmp/newer
sed -i 's/^#define CHR_EXT_ABI\t.*/#define CHR_EXT_ABI 99/' /tmp/newer/chr_ext/abi.h
# newer FILE: compiled with headers of ABI 99, at /tmp/newer.bpf.o.
newer() {
	clang-19 -target bpf -mcpu=v3 -O2 -g -I /tmp/newer -c "$1" -o /tmp/newer.bpf.o
}
ok "an object for a newer ABI" newer "$SRC/tests/reject/needs_future.bpf.c"
is "has its number" "$(of .abi /tmp/newer.bpf.o)" 99
exits 1 "is refused for what it calls" chrext load /tmp/newer.bpf.o
like "with the way out" "$tap_output" \
	"compiled for ABI 99 and the loaded module has ABI 1: install a newer chr_ext module"
like "inspect has it too" "$(of .why /tmp/newer.bpf.o)" "ABI 99"
ok "one that calls nothing new" newer "$SRC/bpf/drivers/hello.bpf.c"
is "would load" "$(of .loads /tmp/newer.bpf.o)" true
ok "and does" chrext load /tmp/newer.bpf.o
chrext unload hello

# As far as the verifier.
exits 0 "load --dry-run" chrext load --dry-run "$hello"
is "prints nothing" "$tap_output" ""
fails "attaches nothing" test -e /dev/hello
fails "pins nothing" test -e $pins
ok "and leaves no BPF objects" soon bpf_as_before
exits 1 "a program that the verifier rejects" chrext load --dry-run "$REJECT/beyond.bpf.o"
like "has the reason" "$tap_output" "the verifier rejected wrong_read"
chrext load "$hello"
exits 0 "a driver that is loaded can be tried" chrext load --dry-run "$hello"
is "and is left alone" "$(call /dev/hello r r:9)" 4:ebpf
chrext unload hello

# Files that are none.
head -c 3000 "$hello" > /tmp/part.bpf.o
mkfifo /tmp/fifo
for file in /tmp /dev/null /nowhere.bpf.o /tmp/part.bpf.o /etc/passwd "$REJECT/no_ops.bpf.o" /tmp/fifo; do
	exits 1 "$file" timeout 20 chrext inspect "$file"
	like "is one line of error" "${tap_output%$'\n'}" \
		$'^chrext: (cannot open )?'"$file"$'[^\n]*$'
done
exits 2 "no file" chrext inspect
exits 2 "two files" chrext inspect "$hello" "$hello"
cut() {
	chrext inspect "$hello" > /dev/full
}
exits 1 "a full disk" cut
like "is an error" "$tap_output" "cannot write the output: No space left"

# Without privilege, without the module, without BTF.
is "without privilege" "$(setpriv --reuid 1000 --regid 1000 --clear-groups --bounding-set -all \
	--inh-caps -all env "PATH=$PATH" chrext inspect "$hello" --json | jq .loads)" true
rmmod chr_ext
like "without the module" "$(of '[.loads, .why]' "$hello")" \
	"false,\"the chr_ext module is not loaded: run 'modprobe chr_ext'"
is "kfuncs are not known" "$(of '.kfuncs[0].present' "$hello")" null
exits 1 "dry-run needs it" chrext load --dry-run "$hello"
exits 1 "a kernel that is too old" setarch --uname-2.6 chrext load "$hello"
like "is named" "$tap_output" "this kernel is 2\.6\.[^ ]*, and chr_ext needs Linux 6\.12 or newer"
mount -t tmpfs none /sys/kernel/btf
exits 1 "a kernel without BTF" chrext load "$hello"
like "is named, before the module that cannot be loaded" "$tap_output" "this kernel has no BTF"
like "inspect has it too" "$(of .why "$hello")" "this kernel has no BTF"
umount /sys/kernel/btf
modprobe chr_ext
mkdir /tmp/btf
cp /sys/kernel/btf/vmlinux /tmp/btf
echo garbage > /tmp/btf/chr_ext
mount --bind /tmp/btf /sys/kernel/btf
like "BTF that is none" "$(of .why "$hello")" "cannot read the BTF of the chr_ext module"
umount /sys/kernel/btf

finish
