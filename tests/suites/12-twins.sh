#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 120

. "$SRC/tests/suites/common.bash"

for twin in null zero full; do
	ok "bpf_$twin" chrext load "$DRIVERS/$twin.bpf.o"
	points "$PROGS/twins" "/dev/bpf_$twin" "/dev/$twin"
	is "bpf_$twin: has the mode of /dev/$twin" \
		"$(stat -c %a "/dev/bpf_$twin")" "$(stat -c %a "/dev/$twin")"
	chrext unload "bpf_$twin"
done

finish
