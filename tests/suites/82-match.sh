#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# machines: virt
# overlay virt: tests/suites/82-match.dtso
#
# Which string of a compatible list matched a node of the device tree.

. "$SRC/tests/suites/common.bash"

long=chr-ext,$(printf 'c%.0s' {1..119})

ok "a driver of four compatibles" chrext load "$TESTDRIVERS/kinds.bpf.o"
is "knows which matched, of several the node's first, and one of 127 characters" \
	"$(for node in /dev/kinds*; do cat "$node"; echo; done | sort)" \
	"0 chr-ext,kind-a
2 chr-ext,kind-c
3 $long"
ok "goes" chrext unload kinds
ok "a virtual driver" chrext load "$TESTDRIVERS/kinds.bpf.o" --set compatible= --set instances=1
is "knows that none did" "$(cat /dev/kinds)" "0 "
ok "goes" chrext unload kinds

finish
