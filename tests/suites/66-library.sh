#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 240

. "$SRC/tests/suites/common.bash"

program=$PROGS/library
[ -z "${reports-}" ] || program=/src/build/sanitized/src/tests/progs/library
points "$program" "$DRIVERS" "$REJECT"

finish
