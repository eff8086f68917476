#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 60
#
# Structs of the kernel, found by name: what a program reads there is what /proc
# has.

. "$SRC/tests/suites/common.bash"

w=/dev/whoami
cgroups=/sys/fs/cgroup
mountpoint -q $cgroups || mount -t cgroup2 cgroup2 $cgroups

# opened: by a shell that prints what the driver has about it, and what /proc has.
opened() {
	local line pid=$BASHPID start
	exec 5< $w
	cat <&5 > /tmp/ours
	{
		printf 'Name:\t%s\n' "$(< /proc/$pid/comm)"
		printf 'Pid:\t%d\nTgid:\t%d\n' $pid $pid
		line=$(< /proc/$pid/stat)
		# After the name, which may have blanks and brackets.
		read -ra start <<< "${line##*) }"
		printf 'Start:\t%s\n' "${start[19]}"
		printf 'Parents:\t%s\n' "$(parents $pid)"
		grep '^[UG]id:' /proc/$pid/status
		printf 'Cgroup:\t%s\n' "$(sed -n 's/^0:://p' /proc/$pid/cgroup)"
	} > /tmp/theirs
}
parents() {
	local parent list=()
	parent=$(sed -n 's/^PPid:\t//p' /proc/"$1"/status)
	while [ "$parent" != 0 ]; do
		list+=("$parent")
		parent=$(sed -n 's/^PPid:\t//p' /proc/"$parent"/status)
	done
	echo "${list[*]:-0}"
}
same() {
	ours=$(< /tmp/ours) theirs=$(< /tmp/theirs)
	is "$1" "$ours" "$theirs"
	: > /tmp/ours
}

ok "it loads" chrext load "$DRIVERS/whoami.bpf.o"
(opened)
same "a shell"
like "which is this one" "$ours" '^Name:	16-whoami.sh
Pid:	[0-9]+'
(
	echo -n 'a) (b c' > /proc/self/comm
	opened
)
same "a task with another name"
like "has it" "$ours" '^Name:	a\) \(b c
'
( ( ( (opened; :); :); :); :)
same "a child of a child"
mkdir -p "$cgroups/lab/it is/deep"
(
	echo 0 > "$cgroups/lab/it is/deep/cgroup.procs"
	opened
)
same "one in a cgroup"
like "which has a path" "$ours" 'Cgroup:	/lab/it is/deep$'
rmdir "$cgroups/lab/it is/deep" "$cgroups/lab/it is" $cgroups/lab
chmod 1777 /tmp
chmod 666 /tmp/ours /tmp/theirs
declare -f opened parents > /tmp/opened
printf 'w=%s\nopened\n' $w >> /tmp/opened
setpriv --ruid 1001 --euid 1002 --rgid 1003 --egid 1004 --clear-groups bash -p /tmp/opened
same "one of a user"
like "that has several ids" "$ours" 'Uid:	1001	1002	1002	1002
Gid:	1003	1004	1004	1004
'
is "the text is read in pieces, too" "$(dd if=$w bs=7 skip=0 count=100 status=none | head -n 1)" \
	$'Name:\tdd'
ok "it goes" chrext unload whoami
finish
