#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 120

. "$SRC/tests/suites/common.bash"

# every WHAT [SET...]: a part of the program of that name, on a fresh driver.
every() {
	local what=$1 sets=() set
	shift
	for set; do
		sets+=(--set "$set")
	done
	ok "$what: loads" chrext load "$TESTDRIVERS/every.bpf.o" "${sets[@]}"
	points "$PROGS/every" "${what%% *}" /dev/every "${what#* }"
	[ ! -e /dev/every ] || chrext unload every
}

every ioctl
every seek
every mmap
every misc
every caller
every "serial none"
every "serial dev" flags=0x11
every "serial file" flags=0x21

fails "an llseek without positions is refused" \
	chrext load "$TESTDRIVERS/every.bpf.o" --set flags=0
like "an llseek without positions: why" "$tap_output" \
	"there is an llseek, but flags has no SEEKABLE"

# Results without an op.
chrext load "$DRIVERS/echo.bpf.o"
is "no ioctl: ENOTTY, before the argument is looked at" \
	"$(call /dev/echo rw i:0xc0046501,0)" ENOTTY
is "no fsync: EINVAL" "$(call /dev/echo rw sync:)" EINVAL
is "no position: ESPIPE" "$(call /dev/echo rw seek:0,2)" ESPIPE
is "which is an answer and no error" "$(count echo errors)" 0
exec 5<> /dev/echo
chrext unload echo
exec 5>&-

finish
