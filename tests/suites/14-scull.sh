#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 60

. "$SRC/tests/suites/common.bash"

s=/dev/scull
ok "scull loads" chrext load "$DRIVERS/scull.bpf.o"
is "one writes" "$(call $s w w:hello)" 5
is "another reads" "$(call $s r r:100 r:100)" "5:hello 0"
is "reads go on where they were" "$(call $s r r:2 r:2 r:2 r:2)" "2:he 2:ll 1:o 0"
is "writes move the position" "$(call $s rw w:HE r:9)" "2 3:llo"
is "pread and pwrite have their own" \
	"$(call $s rw pw:XY@3 pr:2@2 r:9)" "2 2:lX 5:HElXY"
is "lseek by SEEK_SET and SEEK_CUR" "$(call $s r seek:2,0 r:1 seek:1,1 r:1)" \
	"2 1:l 4 1:Y"
is "by SEEK_END" "$(call $s r seek:0,2 seek:-1,2 r:9 seek:95,2 r:9)" "5 4 1:Y 100 0"
is "SEEK_DATA is where one is, SEEK_HOLE the end" \
	"$(call $s r seek:2,3 r:1 seek:0,4 r:1 seek:4,4)" "2 1:l 5 0 5"
is "neither is beyond the end, nor before the start" \
	"$(call $s r seek:5,3 seek:5,4 seek:-1,3 seek:-1,4)" "ENXIO ENXIO ENXIO ENXIO"
is "no position is before the start" \
	"$(call $s r seek:-1,0 seek:-6,2 seek:-1,1)" "EINVAL EINVAL EINVAL"
is "or beyond the largest" "$(call $s r seek:0x7fffffffffffffff,2)" EINVAL
is "there is no other whence" "$(call $s r seek:0,5)" EINVAL
is "O_APPEND writes at the end" "$(call $s rwa w:more r:9 pr:9@0)" "4 0 9:HElXYmore"
is "pwrite with O_APPEND too, as on Linux" "$(call $s rwa pw:Z@0 pr:20@0)" \
	"1 10:HElXYmoreZ"
is "O_TRUNC empties it" "$(call $s rwt r:9)" 0
is "it was written again" "$(call $s w w:abc)" 3
call $s rt > /dev/null
is "O_TRUNC to read leaves it" "$(call $s r r:9)" "3:abc"
is "a hole reads as zero" "$(call $s rwt pw:x@3 r:9)" '1 4:\x00\x00\x00x'
is "what was before O_TRUNC does not come back" \
	"$(call $s rw w:secret)$(call $s rwt pw:x@3 r:9)" '61 4:\x00\x00\x00x'
is "reads beyond the end give 0" "$(call $s r pr:9@4 pr:9@99999999 pr:9@0x7fffffffffffff00)" "0 0 0"
ok "1 MiB goes in at once" dd if=/dev/urandom of=/tmp/mib bs=1M count=1 iflag=fullblock
: > $s
is "in one write" "$(dd if=/tmp/mib of=$s bs=1M conv=notrunc 2>&1 | head -n 1)" "1+0 records in"
ok "and out as it was" cmp /tmp/mib $s
is "a full one has no room" "$(call $s rw pw:x@1048576 seek:1048576,0 w:x)" "ENOSPC 1048576 ENOSPC"
is "not for an append either" "$(call $s wa w:x)" ENOSPC
is "a write over the end is short" "$(call $s rw pw:abcdef@1048573)" 3
chrext unload scull

ok "a size and a number given at load" \
	chrext load "$DRIVERS/scull.bpf.o" --set dev_size=100 --set instances=3
is "make three nodes" "$(echo /dev/scull*)" "/dev/scull0 /dev/scull1 /dev/scull2"
is "of 100 bytes" "$(call /dev/scull1 rw W:1000 pr:1@99 pr:1@100)" "100 1:x 0"
is "each with a memory of its own" "$(call /dev/scull0 r r:9) $(call /dev/scull2 r r:9)" "0 0"
chrext unload scull

ok "a new one" chrext load "$DRIVERS/scull.bpf.o"
is "is empty" "$(call $s r r:9)" 0
points "$PROGS/append" $s
points "$PROGS/scull" $s
chrext unload scull

chrext load "$DRIVERS/scull.bpf.o" --set instances=2 --set quantum=7
points "$PROGS/scull" shared /dev/scull0 /dev/scull1
chrext unload scull
finish
