#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 120

. "$SRC/tests/suites/common.bash"

# The loader knows good names, so it is the module that bpftool asks here: a
# copy of the object with another name written over the first.
template=name-of-thirty-one-characters-x

# named BYTES: an object whose name is BYTES (escapes of perl), padded.
named() {
	perl -0777 -pe 'BEGIN { $name = "'"$1"'"; $name .= "\0" x (32 - length $name) }
		s/'$template'\0/$name/g' "$TESTDRIVERS/named.bpf.o" > /tmp/named.bpf.o
}

# What is there before, to be there after.
state() {
	echo /dev/* "$class"/*/ "$drivers"/chr_ext* /sys/bus/platform/devices/*
}

# Refused names are the last words of the kernel's log but for the core's.
last_words() {
	dmesg | tail -n 2
}

# refused WHAT BYTES WHY
refused() {
	local before after
	named "$2"
	before=$(state)
	fails "$1: bpftool is refused" \
		bpftool_quietly struct_ops register /tmp/named.bpf.o /sys/fs/bpf/x
	ok "$1: nothing is pinned" dir_empty /sys/fs/bpf/x
	after=$(state)
	is "$1: nothing is there that was not" "$after" "$before"
	like "$1: the log gives the reason" "$(last_words)" "refused: .*($3)"
}

refused_by_both() {
	refused "$@"
	fails "$1: chrext refuses it too" chrext load /tmp/named.bpf.o
}

mkdir /sys/fs/bpf/x

refused_by_both "an empty name" '' "the name is empty"
refused_by_both "a slash" 'a/b' "character 0x2f at 1"
refused "a leading slash" '/a' "character 0x2f at 0"
refused "a dot" '.' "a node cannot have this name"
refused_by_both "two dots" '..' "a node cannot have this name"
refused_by_both "an attribute of the class" flags "flags is an attribute"
refused "a blank" 'a b' "character 0x20 at 1"
refused_by_both "a newline" 'a\n' "character 0x0a at 1"
refused "a control character" '\x01a' "character 0x01 at 0"
refused "DEL" 'a\x7f' "character 0x7f at 1"
refused "a byte beyond ASCII" 'a\xc3\xa4' "character 0xc3 at 1"
refused "an exclamation mark" 'a!b' "character 0x21 at 1"
refused "a backslash" 'a\\b' "character 0x5c at 1"
refused_by_both "32 characters" "${template}y" "not terminated"

# taken WHAT BYTES NODE
taken() {
	named "$2"
	ok "$1 is taken" chrext load /tmp/named.bpf.o
	ok "$1: its node is there" test -c "/dev/$3"
	ok "$1: it can be unloaded" chrext unload "$3"
}

taken "31 characters" "$template" "$template"
taken "a name with dots" '.a..b' '.a..b'
taken "every kind of character" 'aZ0._-9' 'aZ0._-9'
refused "a percent sign" 'a%b' "character 0x25 at 1"
refused "a colon" 'a:b' "character 0x3a at 1"

# occupied WHAT NAME: both see what is in /dev, and leave it as it is.
occupied() {
	local node
	node=$(stat -c '%F %t:%T %a' "/dev/$2")
	refused "$1" "$2" "there is a /dev/$2 already"
	fails "$1: chrext is refused" chrext load /tmp/named.bpf.o
	like "$1: the reason" "$tap_output" "there is a /dev/$2 already"
	is "$1: it is as it was" "$(stat -c '%F %t:%T %a' "/dev/$2")" "$node"
}
mknod /dev/by-hand c 1 3
occupied "a node made by mknod" by-hand
rm /dev/by-hand
occupied "a node of another class" null
occupied "a directory in /dev" pts

# The loader's /dev need not be the one of the kernel.
named zero
mkdir /tmp/dev
fails "where /dev is empty, too" unshare -m sh -c \
	"mount --bind /tmp/dev /dev && chrext load /tmp/named.bpf.o"
like "chrext, which cannot read the log there, has the errno" "$tap_output" \
	"was refused: File exists"

chrext load "$DRIVERS/hello.bpf.o"
refused "the name of a driver" 'hello' "of this name is attached|/dev/hello"
is "which is unharmed" "$(call /dev/hello r r:9)" "4:ebpf"
chrext unload hello

chrext load "$DRIVERS/hello.bpf.o" --name taken1
fails "three instances of which one's node is another driver's" \
	chrext load "$DRIVERS/hello.bpf.o" --name taken --set instances=3
like "with the reason" "$tap_output" "there is a /dev/taken1"
is "leave only that" "$(echo /dev/taken*)" /dev/taken1
is "which works" "$(call /dev/taken1 r r:9)" "4:ebpf"
chrext unload taken1

fails "no room for the number of an instance" \
	chrext load "$DRIVERS/hello.bpf.o" --name $template --set instances=2
like "with the reason" "$tap_output" "no room for the numbers"

rmdir /sys/fs/bpf/x
finish
