#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 120

. "$SRC/tests/suites/common.bash"

load() {
	chrext load "$TESTDRIVERS/subject.bpf.o" "$@" || echo "cannot load $*"
}

# Each of these from read and write is EIO and counts; the last of the kernel's
# own numbers, 529 (EIOCBQUEUED), would be a promise to the VFS.
for ret in 11 65536 0x7fffffff 0x100000000 0x7fffffffffffffff -4095 -4096 \
	-0x80000000 -0x8000000000000000 -512 -513 -514 -515 -516 -517 -524 \
	-529 -530; do
	load --set read_ret=$ret --set write_ret=$ret
	is "a driver that returns $ret: EIO" \
		"$(call /dev/subject rw r:10 W:10 R:10)" "EIO EIO EIO"
	is "a driver that returns $ret: counted" "$(count subject bad_returns)" 3
	if ((ret > 4095 || ret < -4095)); then
		is "a driver that returns $ret: no number of it is logged" \
			"$(chrext log subject --no-follow | tail -n 4 |
			   grep -c 'returned a number that is no errno')" 3
	fi
	chrext unload subject
done

# What is right is passed on.
for good in "-511 ?" "-5 EIO" "-1 EPERM" "-11 EAGAIN"; do
	load --set "read_ret=${good% *}" --set "write_ret=${good% *}"
	is "a driver that returns ${good% *}: passed on" \
		"$(call /dev/subject rwn r:10 W:10)" "${good#* } ${good#* }"
	is "a driver that returns ${good% *}: not counted as wild" \
		"$(count subject bad_returns)" 0
	chrext unload subject
done

load --set read_ret=10 --set write_ret=10
is "a count of all that was asked for is right" \
	"$(call /dev/subject rw R:10 W:10 R:9 W:9)" "10:0 10 EIO EIO"
like "and the driver's log has the values" \
	"$(chrext log subject --no-follow)" "read returned 10; -511 to 9 are valid"
chrext unload subject

# open and probe.
for ret in 1 0x7fffffff -4096 -529 -512 -0x80000000; do
	load --set open_ret=$ret
	is "open that returns $ret: EIO" "$(call /dev/subject r)" open:EIO
	is "open that returns $ret: counted" "$(count subject bad_returns)" 1
	chrext unload subject
	fails "probe that returns $ret: refused" chrext load \
		"$TESTDRIVERS/subject.bpf.o" --set probe_fails_at=0 --set probe_ret=$ret
	fails "probe that returns $ret: no node" test -e /dev/subject
done
load --set open_ret=-16 --name busy
is "open that returns -EBUSY" "$(call /dev/busy r)" open:EBUSY
is "does not count as an open" "$(count busy opens)" 0
is "but as an error" "$(count busy errors)" 1
chrext unload busy
is "and has no close" "$(chrext log busy --no-follow | grep -c ': close')" 0

# Windows of no bytes.
chrext load "$TESTDRIVERS/nothing.bpf.o"
is "there is no window of no bytes" "$(call /dev/nothing r r:4)" "4:----"
chrext unload nothing

finish
