#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 60

. "$SRC/tests/suites/common.bash"

echo=/dev/echo
ok "echo loads" chrext load "$DRIVERS/echo.bpf.o"
is "what is written is read" "$(call $echo rw w:hello r:100)" "5 5:hello"
is "in order, in pieces" "$(call $echo rw w:abc w:def r:2 r:2 r:2 r:2)" \
	"3 3 2:ab 2:cd 2:ef 0"
is "nothing written, nothing read" "$(call $echo rw r:10)" 0
is "after the end one can go on" "$(call $echo rw w:a r:9 r:9 w:b r:9)" \
	"1 1:a 0 1 1:b"

exec 5<> $echo 6<> $echo
printf one >&5
printf two >&6
is "one open file reads its own" "$(dd bs=10 count=1 status=none <&5)" one
is "another reads its own" "$(dd bs=10 count=1 status=none <&6)" two
is "and a third nothing" "$(call $echo r r:10)" 0
exec 5>&- 6>&-

exec 5<> $echo
(printf child >&5)
is "a child shares the file that it inherits" \
	"$(dd bs=10 count=1 status=none <&5)" child
exec 5>&-

is "64 KiB fit, and no more" "$(call $echo rw W:65536 w:x R:65536 r:1)" \
	"$(printf '65536 ENOSPC 65536:'; printf 'x%.0s' {1..256}; printf ' 0')"
is "what does not fit is a short write" "$(call $echo rw W:70000)" 65536
is "room comes back when all is read" "$(call $echo rw W:65536 R:65536 W:9 | cut -d' ' -f3)" 9
head -c 50000 /dev/urandom > /tmp/random
exec 5<> $echo
cat /tmp/random >&5
ok "50,000 bytes come back as they were" cmp /tmp/random - < <(head -c 50000 <&5)
exec 5>&-
is "there are no positions" "$(call $echo rw w:a pr:1@0 pw:x@0 seek:0,0)" \
	"1 ESPIPE ESPIPE ESPIPE"
chrext unload echo
finish
