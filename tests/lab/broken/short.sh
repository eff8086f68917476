#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only

. "$SRC/tests/lab/tap.sh"

plan 3
pass "the first of three"
