#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 90

. "$SRC/tests/suites/common.bash"

ok "a driver that can be without data" chrext load "$TESTDRIVERS/every.bpf.o"
points "$PROGS/splice" /dev/every none "chrext unload every"
ok "the same with serialised ops" chrext load "$TESTDRIVERS/every.bpf.o" --set flags=0x11
points "$PROGS/splice" /dev/every serial "chrext unload every"

finish
