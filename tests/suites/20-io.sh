#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 90

. "$SRC/tests/suites/common.bash"

ok "a driver that takes orders" chrext load "$TESTDRIVERS/desk.bpf.o"
points "$PROGS/io"
is "one line in the log for writes that returned 0" \
	"$(chrext log desk --no-follow | grep -c 'write returned 0 of 5 bytes')" 1
ok "gone again" chrext unload desk

# The sizes that a driver asks for.
ok "max_io of 100" chrext load "$TESTDRIVERS/desk.bpf.o" --set max_io=100
is "makes longer reads short" "$(call /dev/desk0 r R:4096)" 100:0
is "and no shorter ones long" "$(call /dev/desk0 r R:99)" 99:0
chrext unload desk

# A driver with neither op, and with streams.
ok "a driver without ops" chrext load "$TESTDRIVERS/no_callbacks.bpf.o"
is "opens; reads and writes fail with EINVAL" \
	"$(call /dev/no_callbacks rw r:1 w:x)" "EINVAL EINVAL"
chrext unload no_callbacks

ok "a driver of streams" chrext load "$DRIVERS/zero.bpf.o" --set max_io=1000
is "a stream goes on until the request is done" \
	"$(call /dev/bpf_zero r R:1048576)" 1048576:0
is "so that dd gets 1 MiB in one read" \
	"$(dd if=/dev/bpf_zero bs=1M count=1 2> /dev/null | wc -c)" 1048576
is "which counts as one" "$(count bpf_zero reads)" 2
chrext unload bpf_zero

finish
