#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 90

. "$SRC/tests/suites/common.bash"

ok "ring loads" chrext load "$DRIVERS/ring.bpf.o"
points "$PROGS/ring" /dev/ring chrext unload ring

fails "one without room for data is refused" \
	chrext load "$DRIVERS/ring.bpf.o" --set mem_size=4096
like "by its probe" "$tap_output" "Invalid argument|EINVAL|-22"
fails "and so is one without memory" \
	chrext load "$DRIVERS/ring.bpf.o" --set mem_size=0
ok "the smallest has a page of data" \
	chrext load "$DRIVERS/ring.bpf.o" --set mem_size=4097
chrext unload ring
finish
