#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only

. "$SRC/tests/lab/tap.sh"

ok "no file of another suite is there" test ! -e /tmp/left
ok "the kernel is clean" test "$(($(< /proc/sys/kernel/tainted) & 512))" = 0
ok "its log has nothing of another suite" bash -c '! dmesg | grep -q selftest'
done_testing
