#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 180
#
# chrext new, as an author has it: with what make install puts below a prefix, and
# nothing of the tree.

. "$SRC/tests/suites/chip.bash"

prefix=/tmp/prefix
ok "make install" make -s -C "$SRC/build/common/src" install-user DESTDIR=/ PREFIX=$prefix
export PATH=$prefix/bin:$PATH PKG_CONFIG_PATH=$prefix/lib/pkgconfig
is "chrext is the installed one" "$(command -v chrext)" $prefix/bin/chrext
mkdir /tmp/work
cd /tmp/work || exit

exits 0 "new" chrext new mine
is "prints nothing" "$tap_output" ""
is "makes a directory" "$(cd mine && echo *)" "Makefile README.md mine.bpf.c test.sh"
is "without a word of the template" "$(grep -r '@[A-Z]' mine)" ""
ok "it builds" make -s -C mine CLANG=clang-19
is "without a warning" "$tap_output" ""
is "for the module that is here" "$(chrext inspect mine/mine.bpf.o --json | jq .loads)" true
ok "its test passes" make -s -C mine CLANG=clang-19 test
is "and does something" "$(grep -c '^ok: ' <<< "$tap_output")" 2
fails "nothing stays loaded" test -e /dev/mine
sed -i 's/return chr_ext_io_put/return 0 * chr_ext_io_put/' mine/mine.bpf.c
fails "the test finds a defect" make -s -C mine CLANG=clang-19 test
like "and names it" "$tap_output" 'FAIL: the greeting: got "", expected "hello"'
fails "and leaves nothing either" test -e /dev/mine

# A name that is none of C, and hardware.
exits 0 "new --gpio" chrext new my-led.2 --gpio
ok "builds" make -s -C my-led.2 CLANG=clang-19
is "with the name as it is" \
	"$(chrext inspect my-led.2/my-led.2.bpf.o --json | jq -c '.drivers[0] | [.name, .compatible[0]]')" \
	'["my-led.2","chr-ext,my-led.2"]'
ok "its test passes without hardware" my-led.2/test.sh
like "as far as it goes" "$tap_output" "skipped: the rest"
chip_new mychip lines=4
ok "and with a line" my-led.2/test.sh mychip:3
is "does something" "$(grep -c '^ok: ' <<< "$tap_output")" 4
ok "no board stays" no_boards
like "the line was used" "$(sets mychip)" '^[1-9]'
chip_unload
exits 0 "a name with a digit first" chrext new 7seg
ok "builds too" make -s -C 7seg CLANG=clang-19

# What cannot be.
exits 1 "a directory that is there" chrext new mine
like "is left alone" "$tap_output" "cannot make the directory mine: File exists"
for name in '' . .. a/b 'a b' -- "$(printf '%040d' 1)"; do
	exits 2 "the name '$name'" chrext new "$name"
done
exits 2 "no name" chrext new
mkdir full
mount -t tmpfs -o size=8k none full
(cd full && exec chrext new scarce) > /tmp/said 2>&1
is "a full disk" "$?" 1
like "is an error" "$(< /tmp/said)" "cannot write scarce/.*: No space left"
fails "and leaves nothing" test -e full/scarce
mount -o remount,ro full
(cd full && exec chrext new scarce) > /tmp/said 2>&1
is "a disk that cannot be written" "$?" 1
like "is an error" "$(< /tmp/said)" "cannot make the directory scarce: Read-only"
umount full
rm -r $prefix/share/chr_ext
exits 1 "without the template" chrext new other
like "is an error" "$tap_output" "there is no template in /tmp/prefix/bin/../share/chr_ext/template: install"
fails "and makes nothing" test -e other

finish
