#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 240
#
# Damaged objects through the library, built with ASan and UBSan. This is a
# share; "make fuzz" runs 20,000 cases outside of a guest in half a minute.

. "$SRC/tests/lab/tap.sh"

fuzz=${PROGS%/progs}/fuzz/objects
objects=("$DRIVERS"/*.bpf.o "$TESTDRIVERS"/*.bpf.o)

ok "each object is whole" "$fuzz" -c 0 "${objects[@]}"
for seed in 1 2; do
	ok "700 damaged objects, seed $seed" "$fuzz" -s $seed -c 700 "${objects[@]}"
	like "many of them open all the same" "$tap_output" "700 cases, [1-6][0-9][0-9] opened"
done
done_testing
