#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 90

. "$SRC/tests/suites/common.bash"

ok "four drivers in one object" chrext load "$DRIVERS/scull_access.bpf.o"

# Each is a memory first.
for s in single uid wuid; do
	n=/dev/scull$s
	is "$s: reads, writes, positions" \
		"$(call $n rwt w:hello pr:9@0 pw:XY@8 pr:20@0)" \
		'5 5:hello 2 10:hello\x00\x00\x00XY'
	is "$s: another opener finds it" "$(call $n r r:5)" "5:hello"
	is "$s: O_APPEND" "$(call $n rwa w:end pr:20@10)" "3 3:end"
	is "$s: O_TRUNC to read" "$(call $n rt r:5)" "5:hello"
	is "$s: O_TRUNC" "$(call $n rwt r:5 pw:x@3 r:9)" '0 1 4:\x00\x00\x00x'
	is "$s: its end" "$(call $n rw pw:abc@32766 pw:x@32768 pr:9@32766)" \
		"2 ENOSPC 2:ab"
	is "$s: its end for O_APPEND" "$(call $n wa w:x)" ENOSPC
done

single=/dev/scullsingle
exec 5<> $single
is "single: one has it: EBUSY" "$(call $single r)" "open:EBUSY"
is "single: with O_NONBLOCK too" "$(call $single rn)" "open:EBUSY"
exec 6<&5
exec 5<&-
is "single: as long as a copy is open" "$(call $single r)" "open:EBUSY"
exec 6<&-
is "single: then the next" "$(call $single rw w:x)" 1
is "single: and the next" "$(call $single rw w:x)" 1

# user UID CMD...
user() {
	setpriv --reuid "$1" --clear-groups "${@:2}"
}

exec {keep}> >(user 1000 "$PROGS/access" hold /dev/sculluid /tmp/kept)
chmod 1777 /tmp
ok "uid: a user has it" soon test -e /tmp/kept
is "uid: another does not: EBUSY" "$(user 1001 "$PROGS/call" /dev/sculluid rw)" \
	"open:EBUSY"
is "uid: the same does" "$(user 1000 "$PROGS/call" /dev/sculluid rw r:1)" '1:\x00'
is "uid: root does" "$(call /dev/sculluid rw r:1)" '1:\x00'
exec {keep}>&-
free() {
	[ "$(user 1001 "$PROGS/call" /dev/sculluid r r:1)" = '1:\x00' ]
}
ok "uid: another does when it is closed" soon free

points "$PROGS/access" uid /dev/sculluid
points "$PROGS/access" wuid /dev/scullwuid
points "$PROGS/access" priv /dev/scullpriv
points "$PROGS/access" gone /dev/scullwuid chrext unload scullwuid
for s in single uid priv; do
	chrext unload scull$s
done
is "no op returned nonsense" "$(dmesg | grep -c 'are valid')" 0

finish
