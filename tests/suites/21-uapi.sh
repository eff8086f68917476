#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 60

. "$SRC/tests/suites/common.bash"

ok "a driver that serves commands of the UAPI" chrext load "$TESTDRIVERS/uapi.bpf.o"
points "$PROGS/uapi" /dev/uapi
is "no op returned an invalid value" "$(count uapi bad_returns)" 0
chrext unload uapi

finish
