#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 150

. "$SRC/tests/suites/common.bash"

# From the node to the attributes; $1 is the node.
node_shipped() {
	local node=$1 opens=1 mode=666 major minor dev
	[ "$node" != whoami ] || mode=444
	# Its openers need a terminal, and there is none here.
	[ "$node" != scullpriv ] || opens=0
	is "$node: it is a character device with the mode of the driver" \
		"$(stat -c '%F %a' "/dev/$node")" "character special file $mode"
	text "$class/$node/dev"
	dev=$text
	major=$(stat -c %Hr "/dev/$node")
	minor=$(stat -c %Lr "/dev/$node")
	is "$node: its numbers are those in sysfs" "$major:$minor" "$dev"
	is "$node: the major is chr_ext's in /proc/devices" \
		"$(sed -n 's/^ *\([0-9]*\) chr_ext$/\1/p' /proc/devices)" "$major"
	text "$class/$node/driver_name"
	is "$node: sysfs names the driver" "$text" "$node"
	text "$class/$node/instance"
	is "$node: sysfs gives the instance" "$text" 0
	is "$node: it hangs from a platform device that is bound to the driver" \
		"$(basename "$(readlink "$class/$node/device/driver")")" \
		"chr_ext.$node"
	ok "$node: it can be opened and closed" call "/dev/$node" rw
	is "$node: which was counted" "$(count "$node" opens)" $opens
	ok "$node: chrext unload" chrext unload "$node"
	is "$node: prints nothing" "$tap_output" ""
	fails "$node: and the node is gone" test -e "/dev/$node"
}

# shipped OBJECT NODE...
shipped() {
	local object=$1 node
	shift
	ok "$object: chrext load prints nothing and returns when the nodes exist" \
		chrext load "$DRIVERS/$object.bpf.o"
	is "$object: and printed nothing" "$tap_output" ""
	for node; do
		node_shipped "$node"
	done
}

# A driver for hardware, of which there is none here; those that use it have
# suites of their own.
shipped_for_hardware() {
	local object=$1 node=$2
	ok "$object: chrext load" chrext load "$DRIVERS/$object.bpf.o"
	is "$object: prints nothing" "$tap_output" ""
	ok "$object: its driver waits for hardware" test -d "$drivers/chr_ext.$node"
	fails "$object: without, there is no node" test -e "/dev/$node"
	ok "$object: chrext unload" chrext unload "$node"
	is "$object: prints nothing either" "$tap_output" ""
	fails "$object: and the driver is gone" test -e "$drivers/chr_ext.$node"
}

for driver in "$DRIVERS"/*.bpf.o; do
	object=$(basename "$driver" .bpf.o)
	case $object in
	null | zero | full | rtc | port) nodes=bpf_$object ;;
	scull_access) nodes="scullsingle sculluid scullwuid scullpriv" ;;
	*) nodes=$object ;;
	esac
	# shellcheck disable=SC2086
	if grep -q '^	\.compatible = ' "$SRC/bpf/drivers/$object.bpf.c"; then
		shipped_for_hardware "$object" $nodes
	else
		shipped "$object" $nodes
	fi
done

# The events of the kernel's, by its monitor of last resort.
# shellcheck disable=SC2016
busybox uevent sh -c 'echo "$ACTION $SUBSYSTEM $DEVNAME $DEVMODE"' > /tmp/uevents 2>&1 &
monitor=$!
sleep 0.5
chrext load "$DRIVERS/hello.bpf.o"
chrext unload hello
soon grep -q '^remove chr_ext hello' /tmp/uevents
kill $monitor
wait $monitor 2> /dev/null
ok "a node that comes is announced with its name and mode" \
	grep -q '^add chr_ext hello 0666' /tmp/uevents
ok "and one that goes" grep -q '^remove chr_ext hello' /tmp/uevents

ok "--name makes it another node" chrext load "$DRIVERS/hello.bpf.o" --name other
is "which works" "$(call /dev/other r r:10)" "4:ebpf"
ok "next to the one of the driver's own name" chrext load "$DRIVERS/hello.bpf.o"
is "the devices are independent" "$(count hello reads) $(count other reads)" "0 1"
ok "unload of one" chrext unload hello
is "leaves the other" "$(call /dev/other r r:10)" "4:ebpf"
ok "unload of the other" chrext unload other

finish
