#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 30

. "$SRC/tests/lab/tap.sh"

pass "something comes first"
sleep 1000
done_testing
