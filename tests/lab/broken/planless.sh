#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only

. "$SRC/tests/lab/tap.sh"

pass "a point without a plan"
