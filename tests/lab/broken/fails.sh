#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only

. "$SRC/tests/lab/tap.sh"

is "one is one" 1 1
is "one is two" 1 2
ok "false is true" false
skip "the moon is full" "no window"

done_testing
