#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 120
#
# What rules of the real udevd do with the nodes: modes, groups, links, matches of
# the driver, and events. A udevd that cannot read a device's driver gives the
# device up, so the last rule is as telling as those before it.

. "$SRC/tests/suites/chip.bash"

udevd=/usr/lib/systemd/systemd-udevd
rules=/run/udev/rules.d
log=/tmp/udevd.log

mkdir -p $rules
cat > $rules/70-chr_ext.rules <<- 'END'
	SUBSYSTEM!="chr_ext", GOTO="end"
	ACTION=="change", RUN+="/bin/sh -c 'echo $kernel $env{CHR_EXT_DRIVER} >> /run/changed'"
	ACTION=="remove", RUN+="/bin/sh -c 'echo $kernel $env{CHR_EXT_DRIVER} >> /run/removed'"
	ACTION=="remove", GOTO="end"
	KERNEL=="hello[01]", MODE="0640", GROUP="dialout"
	DRIVERS=="chr_ext.hello", SYMLINK+="lab/by-driver/$kernel"
	ATTR{driver_name}=="hello", SYMLINK+="lab/by-attribute/$kernel"
	ENV{CHR_EXT_DRIVER}=="hello", SYMLINK+="lab/by-property/$env{CHR_EXT_INSTANCE}"
	ENV{CHR_EXT_BOARD}=="?*", SYMLINK+="lab/by-board/$env{CHR_EXT_BOARD}"
	ENV{CHR_EXT_COMPATIBLE}=="chr-ext,port", SYMLINK+="lab/by-compatible/port"
	SYMLINK+="lab/last/$kernel"
	LABEL="end"
END
$udevd --debug > $log 2>&1 &
daemon=$!

# settled: no event is left for the daemon.
settled() {
	udevadm settle --timeout $((30 * LAB_SLOW))
}

# property NODE NAME
property() {
	udevadm info -q property --property="$2" --value "/dev/$1"
}

# link NAME NODE: what a rule made.
link() {
	is "a link by $1" "$(readlink -f "/dev/lab/by-$1")" "/dev/$2"
}

# answers: the daemon, which takes a while to open its socket.
answers() {
	[ -e /run/udev/control ] && udevadm control --ping --timeout=$((30 * LAB_SLOW))
}

ok "the daemon answers" soon answers
ok "two devices" chrext load "$DRIVERS/hello.bpf.o" --set instances=2
ok "their events are handled" settled
for node in hello0 hello1; do
	is "$node has the mode and the group of its rule" \
		"$(stat -c '%a %G' /dev/$node)" "640 dialout"
	link "driver/$node" $node
	link "attribute/$node" $node
	link "property/${node#hello}" $node
	is "$node: the rules behind are not lost" "$(readlink -f /dev/lab/last/$node)" \
		/dev/$node
	is "$node: the event has its driver" "$(property $node CHR_EXT_DRIVER)" hello
	is "and its instance" "$(property $node CHR_EXT_INSTANCE)" ${node#hello}
	is "and no board" "$(property $node CHR_EXT_BOARD)" ""
	is "nor a string of a device tree" "$(property $node CHR_EXT_COMPATIBLE)" ""
done
is "udevadm shows no driver of the node's own" \
	"$(udevadm info -q property --property=DRIVER --value /dev/hello0)" ""
like "but that of its parent" "$(udevadm info --attribute-walk /dev/hello0)" \
	'DRIVERS=="chr_ext\.hello"'
like "and the driver's name as an attribute" "$(udevadm info --attribute-walk /dev/hello0)" \
	'ATTR\{driver_name\}=="hello"'

ok "change events are taken" udevadm trigger --action=change --subsystem-match=chr_ext
ok "and handled" settled
is "once for each" "$(sort /run/changed)" $'hello0 hello\nhello1 hello'
is "the mode stays" "$(stat -c '%a %G' /dev/hello1)" "640 dialout"

# gone: the links of hello, now that its devices are.
gone() {
	[ ! -e /dev/lab/last/hello0 ] && [ ! -e /dev/lab/by-driver/hello1 ]
}
chrext unload hello
ok "the ends are handled" settled
is "with the properties" "$(sort /run/removed)" $'hello0 hello\nhello1 hello'
ok "the links are gone" gone

# A device of a board.
chip_new mychip lines=8
chrext load "$DRIVERS/port.bpf.o"
ok "a board" chrext board add b1 chr-ext,port port=mychip:0
settled
link board/b1 bpf_port
link compatible/port bpf_port
is "the event has the board" "$(property bpf_port CHR_EXT_BOARD)" b1
is "and what matched" "$(property bpf_port CHR_EXT_COMPATIBLE)" chr-ext,port
chrext board rm b1
chrext unload bpf_port
settled

kill $daemon
wait $daemon 2> /dev/null
is "the daemon had nothing to complain of" \
	"$(grep -E 'Failed to (get driver|process)|Invalid (argument|rule)' $log)" ""
rm -rf $rules /dev/lab
chip_unload
finish
