#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only

. "$SRC/tests/lab/tap.sh"

# For spotless.sh, which comes next in the same guest.
echo left > /tmp/left
skip_all "the moon is full"
