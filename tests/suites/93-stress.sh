#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 180
# smp: threads
# machines: pc

. "$SRC/tests/suites/common.bash"

stress scullp scullp
stress rtc bpf_rtc

finish
