#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 60

. "$SRC/tests/suites/common.bash"

s=/dev/scullp
ok "scullp loads" chrext load "$DRIVERS/scullp.bpf.o"
points "$PROGS/scullp" copy $s
points "$PROGS/scullp" gone $s chrext unload scullp

ok "sizes given at load" \
	chrext load "$DRIVERS/scullp.bpf.o" --set mem_size=5000 --set instances=2
is "are whole pages" "$(call ${s}0 r seek:0,2)" 8192
call ${s}0 rw w:one > /dev/null
is "each scullp has its own" "$(call ${s}0 r r:3) $(call ${s}1 r R:3)" "3:one 3:0"
chrext unload scullp

ok "1 MiB" chrext load "$DRIVERS/scullp.bpf.o" --set mem_size=1M
dd if=/dev/urandom of=/tmp/mib bs=1M count=1 iflag=fullblock status=none
is "goes in by one write" \
	"$(dd if=/tmp/mib of=$s bs=1M conv=notrunc 2>&1 | head -n 1)" "1+0 records in"
ok "and out as it was" cmp /tmp/mib $s
chrext unload scullp
ok "no memory" chrext load "$DRIVERS/scullp.bpf.o" --set mem_size=0
is "is empty and full" "$(call $s rw r:1 w:x seek:0,2)" "0 ENOSPC 0"
chrext unload scullp

finish
