#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only

. "$SRC/tests/lab/tap.sh"

# Bit 9: a warning whose text the log lost.
ok "the kernel is tainted" bash -c 'echo 512 > /proc/sys/kernel/tainted'
done_testing
