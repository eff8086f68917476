#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 60

. "$SRC/tests/suites/common.bash"

# bytes SET...: what the driver reads, in hex.
bytes() {
	local sets=() set
	for set; do
		sets+=(--set "$set")
	done
	chrext load "$TESTDRIVERS/types.bpf.o" "${sets[@]}" || return
	dd if=/dev/types bs=100 count=1 status=none | od -An -v -tx1 | tr -d ' \n'
	chrext unload types
}

is "each integer type at its largest" \
	"$(bytes n.s8=127 n.u8=255 n.s16=32767 n.u16=65535 n.s32=2147483647 \
		n.u32=4294967295 n.s64=9223372036854775807 \
		n.u64=18446744073709551615 | head -c 60)" \
	"7fffff7fffffffffff7fffffffffffffffffffffff7fffffffffffffffff"
is "at its smallest, in hex, octal, K and G" \
	"$(bytes n.s8=-128 n.u8=0x10 n.s16=-32768 n.u16=010 n.s32=-2147483648 \
		n.u32=1K n.s64=-9223372036854775808 n.u64=1G | head -c 60)" \
	"801000800800000000800004000000000000000000800000004000000000"
is "bool, constant, enum, string and list" \
	"$(bytes flag=true constant=7 text=abc colour=GREEN list=1,2,3 | tail -c 52)" \
	"0100000007000000050000006162630000000000010002000300"

# refused SET WHY
refused() {
	fails "--set $1 is refused" chrext load "$TESTDRIVERS/types.bpf.o" --set "$1"
	like "--set $1: why" "$tap_output" "$2"
}
refused n.s8=128 "takes -128 to 127, not 128"
refused n.s8=-129 "takes -128 to 127"
refused n.u8=256 "takes 0 to 255"
refused n.u8=-1 "takes 0 to 255"
refused n.s16=32768 "takes -32768 to 32767"
refused n.u16=65536 "takes 0 to 65535"
refused n.s32=2147483648 "takes -2147483648 to 2147483647"
refused n.u32=4G "takes 0 to 4294967295"
refused n.s64=9223372036854775808 "takes -9223372036854775808 to"
refused n.u64=18446744073709551616 "takes 0 to 18446744073709551615"
refused n.u32=1x "takes a number"
refused n.u32= "takes a number"
refused n=1 "has members"
refused n.nothing=1 "no member \"nothing\""
refused nothing=1 "no global variable \"nothing\""
like "and the names that there are" "$tap_output" "there are ([a-z_]*, )*flag, .*, mode,"
refused mode=444 "octal number, which needs a leading 0, not \"444\""
refused types.mode=444 "types.mode \(__u32\) takes an octal"
refused flag=2 "true or false"
refused colour=BLUE "RED, GREEN"
refused text=12345678 "at most 7 characters"
refused list=1,2,3,4 "at most 3 values"
refused list[3]=1 "has 3 elements"
fails "nothing of all this is loaded" test -e /dev/types

finish
