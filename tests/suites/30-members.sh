#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 120

. "$SRC/tests/suites/common.bash"

# refused WHAT WHY SET...: the load fails, chrext and dmesg give the reason.
refused() {
	local what=$1 why=$2 sets=() set
	shift 2
	for set; do
		sets+=(--set "$set")
	done
	fails "$what is refused" chrext load "$TESTDRIVERS/subject.bpf.o" "${sets[@]}"
	like "$what: chrext gives the reason" "$tap_output" "$why"
	like "$what: so does the kernel's log" "$(refusals | tail -n 1)" \
		"chr_ext: subject: refused: .*$why"
	fails "$what: there is no node" test -e /dev/subject
}

# taken WHAT SET...: the load succeeds.
taken() {
	local what=$1 sets=() set
	shift
	for set; do
		sets+=(--set "$set")
	done
	ok "$what is taken" chrext load "$TESTDRIVERS/subject.bpf.o" "${sets[@]}"
	chrext unload subject
}

refused "mode 01000" "mode is 01000" mode=01000
taken "mode 0777" mode=0777
refused "an unknown flag" "flags 0x40 has unknown bits" flags=0x40
refused "the highest flag" "flags 0x80000000 has unknown bits" flags=0x80000000
refused "SEEKABLE with NULL_SEEK" "SEEKABLE and NULL_SEEK" flags=3
taken "STREAM with SINK" flags=12
refused "SERIAL_DEV with SERIAL_FILE" "SERIAL_DEV and SERIAL_FILE" flags=0x30
refused "1025 instances" "instances is 1025, more than 1024" instances=1025
refused "instances of 2^32 - 1" "instances is 4294967295" instances=0xffffffff
refused "a file_size of 1 MiB + 1" "file_size is 1048577, more than 1048576" \
	file_size=1048577
taken "a file_size of 1 MiB" file_size=1M
refused "a dev_size of 256 MiB + 1" "dev_size is 268435457, more than" \
	dev_size=268435457
refused "a max_io of 1 MiB + 1" "max_io is 1048577, more than 1048576" \
	max_io=1048577
taken "a max_io of 1 MiB" max_io=1M
refused "1 GiB of device memory in all" "1024 instances with a dev_size of 1048576" \
	instances=1024 dev_size=1M
refused "a compatible that ends in nothing" \
	"compatible has a blank with nothing before it" "compatible=a,b  c,d"
refused "a compatible with a string of 128 characters" \
	"compatible has a string of more than 127 characters" \
	"compatible=a,b $(printf 'c%.0s' {1..128})"
taken "one with four of 127" "compatible=$(printf 'c%.0s' {1..127}) $(printf 'd%.0s' {1..127}) $(printf 'e%.0s' {1..127}) $(printf 'f%.0s' {1..127})"
refused "a compatible with a control character" \
	"compatible has the character 0x07" "compatible=a,b"$'\a'
taken "a mem_size of a byte" mem_size=1
taken "a mem_size of 256 MiB" mem_size=256M
refused "a mem_size of 256 MiB + 1" "mem_size is 268435457, more than" \
	mem_size=268435457
refused "a mem_size beyond 32 bits" "mem_size is 4294967296, more than" \
	mem_size=0x100000000
refused "512 MiB of pages in all" "2 instances with a mem_size of 268435456" \
	instances=2 mem_size=256M
taken "any timeout_ms" timeout_ms=0xffffffff
taken "any layout" layout=0xffffffff

finish
