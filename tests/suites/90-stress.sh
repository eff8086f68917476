#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 180
# smp: threads
# machines: pc

. "$SRC/tests/suites/common.bash"

stress hello hello
stress echo echo

finish
