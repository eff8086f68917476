#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Boards and GPIO lines when the kernel has no memory for them.

. "$SRC/tests/suites/chip.bash"

long=$(printf 'n%.0s' {1..20})

# without FUNC COMM [ARG...]: the kernel has no memory there, for a task of a name.
without() {
	insmod "$KMODS/chr_ext_fail.ko" func="$1" comm="$2" "${@:3}" ||
		bail "$1 cannot be made to fail"
}

# with DESC: it has again; DESC passes if there was a call that failed.
with() {
	text /sys/module/chr_ext_fail/parameters/failed
	ok "$1" test "$text" -gt 0
	rmmod chr_ext_fail
}

chip_new fast lines=8

# configfs has room for names of less than 20 characters, and allocates others.
without kvasprintf mkdir
fails "a board with a long name" mkdir $boards/$long
like "fails with ENOMEM" "$tap_output" "Cannot allocate memory"
with "because its name could not be allocated"
fails "and is not there" test -e $boards/$long
mkdir $boards/b
without kvasprintf mkdir
fails "a con_id with a long name" mkdir $boards/b/$long
like "fails with ENOMEM, too" "$tap_output" "Cannot allocate memory"
with "for the same reason"
fails "and is not there either" test -e $boards/b/$long
echo chr-ext,port > $boards/b/compatible
mkdir $boards/b/port
echo fast:0 > $boards/b/port/lines
ok "the board can become live" eval "echo 1 > $boards/b/live"

# gpiod_get_array() loses its first line when this fails.
krealloc=$(grep -oE '\bkrealloc(_node_align)?(_noprof)?$' /proc/kallsyms | sort | tail -n 1)
without "$krealloc" chrext caller=gpiod_get_array
ok "a driver gets a line of offset 0" chrext load "$DRIVERS/port.bpf.o"
rmmod chr_ext_fail
chrext unload bpf_port
ok "afterwards the line is free" eval "echo 0 > $boards/b/live; ! holder_there $dev 0"
board_gone b

# What the first listen needs is there when the device has its lines.
board b chr-ext,pins data=fast:0,fast:1,fast:2
timer=1
[[ $(uname -v) != *PREEMPT_RT* ]] || timer=0
ok "a driver with an event op" chrext load "$TESTDRIVERS/pins.bpf.o" --set timer=$timer --set how=1
kvmalloc=$(grep -oE '\b__kvmalloc_node(_noprof)?$|\bkvmalloc_node$' /proc/kallsyms | tail -n 1)
without "$kvmalloc" pins caller=chr_ext_events_init
points "$PROGS/pins" listen /dev/pins
rmmod chr_ext_fail
chrext unload pins
board_gone b

ok "no board is left" no_boards
chip_unload
finish
