#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only

. "$SRC/tests/lab/tap.sh"

ok "a warning is logged" bash -c 'echo "WARNING: of the selftest" > /dev/kmsg'
done_testing
