#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 180
# smp: threads
# machines: pc

. "$SRC/tests/suites/common.bash"

stress scull scull
stress null bpf_null

finish
