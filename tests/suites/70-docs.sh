#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 180
# machines: pc
#
# The documents are true: their programs are built and run as printed.

. "$SRC/tests/suites/chip.bash"

# block N FILE: the N-th block of C in a document.
block() {
	awk -v want="$1" '
	/^```c$/ { n++; in_block = 1; next }
	/^```$/ { in_block = 0 }
	in_block && n == want { print }' "$2"
}

# compile NAME: with the command in the documents.
compile() {
	clang-19 -target bpf -g -O2 -Wall -Werror -I "$SRC/bpf/include" \
		-c "/tmp/$1.bpf.c" -o "/tmp/$1.bpf.o"
}

readme=$SRC/README.md
tutorial=$SRC/Documentation/tutorial.md

block 1 "$readme" > /tmp/answer.bpf.c
ok "README: its driver compiles" compile answer
ok "README: and loads" chrext load /tmp/answer.bpf.o
is "README: and answers" "$(cat /dev/answer)" 42
ok "README: and goes" chrext unload answer

block 1 "$tutorial" > /tmp/count.bpf.c
ok "tutorial 1: compiles" compile count
ok "tutorial 1: loads" chrext load /tmp/count.bpf.o
is "tutorial 1: opens and closes, and reading gives EINVAL" \
	"$(call /dev/count r r:1)" "EINVAL"
ok "tutorial 1: goes" chrext unload count

block 2 "$tutorial" > /tmp/count.bpf.c
ok "tutorial 2: compiles" compile count
ok "tutorial 2: loads" chrext load /tmp/count.bpf.o
is "tutorial 2: two readers get 1 and 2" \
	"$(cat /dev/count /dev/count | tr '\n' ' ')" "1 2 "
ok "tutorial 2: goes" chrext unload count
sed 's,struct_ops/read,struct_ops/raed,g' /tmp/count.bpf.o > /tmp/raed.bpf.o
ok "tutorial 2: the word in SEC() has no effect" chrext load /tmp/raed.bpf.o
is "tutorial 2: the member decides" "$(cat /dev/count)" 1
ok "tutorial 2: goes again" chrext unload count
sed -i '/\.dev_size/d' /tmp/count.bpf.c
ok "tutorial 2: compiles without .dev_size" compile count
ok "tutorial 2: and loads" chrext load /tmp/count.bpf.o
is "tutorial 2: and has no memory" "$(call /dev/count r r:9)" EIO
ok "tutorial 2: goes for good" chrext unload count

# with OP N: the second block, with the N-th above the driver as its OP.
with() {
	block 2 "$tutorial" | sed '/^CHR_EXT_DRIVER/,$d'
	block "$2" "$tutorial"
	block 2 "$tutorial" | sed -n '/^CHR_EXT_DRIVER/,$p' |
		sed "s/^\t\.read = /\t.$1 = (void *)count_$1,\n&/"
}

with write 3 > /tmp/third.bpf.c
cp /tmp/third.bpf.c /tmp/count.bpf.c
ok "tutorial 3: compiles" compile count
ok "tutorial 3: loads" chrext load /tmp/count.bpf.o
ok "tutorial 3: a number is taken" sh -c 'echo 100 > /dev/count'
is "tutorial 3: and counted on from" "$(cat /dev/count)" 101
for text in abc 3x 1234567890123456 ''; do
	fails "tutorial 3: '$text' is not" bash -c 'echo "$1" > /dev/count' bash "$text"
done
is "tutorial 3: and changes nothing" "$(cat /dev/count)" 102
like "tutorial 3: with EINVAL" "$tap_output" "Invalid argument"
like "tutorial 3: and the log names the process" "$(chrext log count --no-follow)" \
	"process [0-9]+ wrote no number"
ok "tutorial 3: goes" chrext unload count

ok "tutorial 4: loads three" chrext load /tmp/count.bpf.o --set instances=3
is "tutorial 4: each with its own count" \
	"$(cat /dev/count0 /dev/count0 /dev/count1 /dev/count2 | tr '\n' ' ')" \
	"1 2 1 1 "
ok "tutorial 4: which go" chrext unload count
# The fourth block goes below the #include, the fifth is a line that changes.
{
	sed '1q' /tmp/third.bpf.c
	block 4 "$tutorial"
	awk -v line="$(block 5 "$tutorial")" '
	NR == 1 { next }
	/fetch_and_add/ { print line; next }
	{ print }' /tmp/third.bpf.c
} > /tmp/count.bpf.c
ok "tutorial 4: compiles with a setting" compile count
ok "tutorial 4: loads with --set" chrext load /tmp/count.bpf.o --set step=5
is "tutorial 4: and counts by it" "$(cat /dev/count /dev/count | tr '\n' ' ')" \
	"5 10 "
ok "tutorial 4: goes" chrext unload count

with write 6 > /tmp/count.bpf.c
ok "tutorial 5: compiles" compile count
ok "tutorial 5: loads" chrext load /tmp/count.bpf.o
ok "tutorial 5: takes 100 lines of 3 or 4 bytes" sh -c 'seq 10 109 > /dev/count'
is "tutorial 5: and has counted them" "$(cat /dev/count)" 101
ok "tutorial 5: goes" chrext unload count

block 7 "$tutorial" > /tmp/count.h
with ioctl 8 | sed '1a #include "count.h"' > /tmp/count.bpf.c
block 9 "$tutorial" > /tmp/swap.c
ok "tutorial 6: compiles" compile count
ok "tutorial 6: the user's side too" gcc -Wall -Werror -o /tmp/swap /tmp/swap.c
ok "tutorial 6: loads" chrext load /tmp/count.bpf.o
is "tutorial 6: the count so far comes back" \
	"$(cat /dev/count > /dev/null; /tmp/swap)" "1000, before 1"
is "tutorial 6: and the new one is taken" "$(cat /dev/count)" 1001
is "tutorial 6: another command is none" "$(call /dev/count rw i:1,0)" ENOTTY
ok "tutorial 6: goes" chrext unload count

block 10 "$tutorial" > /tmp/doorbell.bpf.c
ok "tutorial 7: compiles" compile doorbell
ok "tutorial 7: loads" chrext load /tmp/doorbell.bpf.o
cat /dev/doorbell > /tmp/heard &
listener=$!
sleep 0.3
fails "tutorial 7: a reader waits" test -s /tmp/heard
echo > /dev/doorbell
ok "tutorial 7: and is woken" soon grep -qx ding /tmp/heard
ok "tutorial 7: a newer version takes its place" chrext replace /tmp/doorbell.bpf.o
echo > /dev/doorbell
heard_twice() {
	[ "$(grep -c ding /tmp/heard)" -eq 2 ]
}
ok "tutorial 7: which wakes the reader too" soon heard_twice
kill $listener
wait $listener 2> /dev/null
ok "tutorial 7: goes" chrext unload doorbell

block 11 "$tutorial" > /tmp/led.bpf.c
ok "tutorial 8: compiles" compile led
ok "tutorial 8: loads" chrext load /tmp/led.bpf.o
fails "tutorial 8: has no node yet" test -e /dev/led
chip_new mychip lines=8
read -ra board < <(sed -n 's/^    \(chrext board add.*\)/\1/p' "$tutorial")
ok "tutorial 8: a board" "${board[@]}"
ok "tutorial 8: brings the node" test -c /dev/led
ok "tutorial 8: which takes a number" sh -c 'echo 3 > /dev/led'
is "tutorial 8: and lights both" "$(level mychip 0)$(level mychip 2)" 10
echo 1 > /dev/led
is "tutorial 8: or one" "$(level mychip 0)$(level mychip 2)" 11
ok "tutorial 8: the board goes" chrext board rm panel
fails "tutorial 8: with the node" test -e /dev/led
ok "tutorial 8: the driver goes" chrext unload led
chip_del mychip

is "there is no program in the tutorial that was not tried" \
	"$(grep -c '^```c$' "$tutorial")" 11

ok "abi.md is what the comments give" make -C "$SRC" --no-print-directory docs-check
kernel_doc=$(ls /usr/lib/linux-kbuild-*/scripts/kernel-doc)
ok "kernel-doc finds nothing wrong with the comments" sh -c '
	errors=$("$1" -none "$2"/kmod/*.[ch] "$2"/kfuncs/*.[ch] "$2"/kfuncs/*/*.[ch] \
		"$2"/bpf/include/chr_ext/*.h "$2"/user/lib/chrext.h 2>&1) && [ -z "$errors" ] ||
	{ echo "$errors"; exit 1; }' sh "${kernel_doc%%$'\n'*}" "$SRC"

# kfuncs FILE...: the name of each, once a line.
kfuncs() {
	sed -n -e 's/___[a-z0-9]*(/(/' \
		-e 's/^\(extern\|__bpf_kfunc\) [^(]*\b\(chr_ext_[a-z_]*\)(.*/\2/p' "$@" | sort
}
is "the header declares the kfuncs that there are" \
	"$(kfuncs "$SRC"/bpf/include/chr_ext/*.bpf.h)" \
	"$(kfuncs "$SRC"/kfuncs/*.c "$SRC"/kfuncs/*/*.c)"
is "and abi.md has each" \
	"$(sed -n 's/^## \(chr_ext_[a-z_]*\)().*/\1/p' "$SRC/Documentation/abi.md" | sort)" \
	"$(kfuncs "$SRC"/kfuncs/*.c "$SRC"/kfuncs/*/*.c)"

# The verbs that chrext itself names.
verbs=$(chrext --help | sed -n 's/^  \(board [a-z]*\|[a-z]*\)\( [A-Z[].*\)\?$/\1/p')
like "chrext --help lists verbs" "$verbs" $'load\nreplace\n.*board restore'
while read -r verb; do
	ok "chrext(8) describes $verb" grep -q "^\.It Cm $verb\b" \
		"$SRC/Documentation/man/chrext.8"
	like "chrext $verb --help has its usage" "$(chrext $verb --help)" \
		"^Usage: chrext $verb"
done <<< "$verbs"

# lacks WHAT MAKE-ARG...: make ends with one sentence of ours.
lacks() {
	local want=$1
	shift
	fails "make $*" make -C "$SRC" --no-print-directory "$@"
	like "make $*: names what it lacks" "${tap_output%%$'\n'*}" "^chr_ext: .*$want"
}
lacks "KERNELDIR=/wrong is not a kernel build tree" module KERNELDIR=/wrong
mkdir /tmp/bin
printf '#!/bin/sh\necho 0.0' > /tmp/bin/uname
chmod +x /tmp/bin/uname
PATH=/tmp/bin:$PATH lacks "install linux-headers-0.0 or set KERNELDIR=" module
lacks "install libbpf-dev" user PKG_CONFIG="env PKG_CONFIG_LIBDIR=/nowhere pkg-config"
lacks "install clang" drivers CLANG=/nowhere

ok "make installs what is for users" make -C "$SRC/build/common/src" install-user \
	DESTDIR=/tmp/root PREFIX=/usr
for file in bin/chrext include/chr_ext/abi.h include/chr_ext/chr_ext.bpf.h include/chr_ext/gpio.bpf.h \
	lib/chr_ext/hello.bpf.o share/man/man8/chrext.8 \
	lib/libchrext.so lib/libchrext.so.0 lib/libchrext.a include/chrext.h \
	lib/pkgconfig/libchrext.pc share/bash-completion/completions/chrext \
	lib/systemd/system/chr_ext-boards.service; do
	ok "there is $file" test -s "/tmp/root/usr/$file"
done
ok "the service runs what was installed" \
	grep -q '^ExecStart=/usr/bin/chrext board restore ' \
	/tmp/root/usr/lib/systemd/system/chr_ext-boards.service

touch /tmp/root/usr/lib/chr_ext/mine.bpf.o
ok "make uninstall" make -C "$SRC/build/common/src" uninstall DESTDIR=/tmp/root PREFIX=/usr
is "removes all of it, and no other file" "$(find /tmp/root ! -type d)" \
	/tmp/root/usr/lib/chr_ext/mine.bpf.o

chip_unload
finish
