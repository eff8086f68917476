#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 120

. "$SRC/tests/suites/common.bash"

hello=$DRIVERS/hello.bpf.o

# Next to bpftool. The bpftool of today crashes after it registered a module's
# struct_ops, in list and in unregister; what it did before is right.
mkdir /sys/fs/bpf/tool
bpftool struct_ops register "$hello" /sys/fs/bpf/tool > /dev/null 2>&1
ok "bpftool registers a driver" test -c /dev/hello
is "which works" "$(call /dev/hello r r:9)" 4:ebpf
like "chrext shows it, and its pin" "$(chrext show hello)" "/sys/fs/bpf/tool/hello"
fails "chrext loads no other of the name" chrext load "$hello"
ok "chrext unloads it" chrext unload hello
is "and removes the pin" "$(echo /sys/fs/bpf/tool/*)" "/sys/fs/bpf/tool/*"
bpftool struct_ops register "$hello" /sys/fs/bpf/tool > /dev/null 2>&1
rm /sys/fs/bpf/tool/hello
ok "a driver goes with its last pin" soon test ! -e /dev/hello
rmdir /sys/fs/bpf/tool
bpftool struct_ops register "$hello" > /dev/null 2>&1
ok "and one without a pin with bpftool" soon test ! -e /dev/hello
chrext load "$hello"
like "bpftool sees the link of a driver that chrext loaded" \
	"$(bpftool link list)" struct_ops
id=$(bpftool -j link list | jq '.[] | select(.type == "struct_ops").id')
bpftool link detach id "$id"
ok "and detaches it" soon test ! -e /dev/hello
chrext unload hello > /dev/null 2>&1
ok "chrext cleans up the pin behind it" test ! -e $pins

# A driver in SEC(".struct_ops"), which has no link: its map is registered.
ok "a driver without a link loads" chrext load "$TESTDRIVERS/plain.bpf.o"
is "and works" "$(call /dev/plain r r:9)" 0
like "chrext shows it" "$(chrext show plain)" "map +[0-9]+"
ok "and unloads it" chrext unload plain
ok "no pin is left" test ! -e $pins
bpftool struct_ops register "$TESTDRIVERS/plain.bpf.o" > /dev/null 2>&1
ok "bpftool registers one without a link" test -c /dev/plain
ok "chrext unloads it" chrext unload plain
ok "and the node is gone" test ! -e /dev/plain

ok "a new load works" chrext load "$hello"
chrext unload hello

finish
