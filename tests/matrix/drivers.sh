#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 300
# machines: pc virt raspi3b
#
# Each object loads here, or the reason is one sentence. For the table: lines with the
# SHA-256 of each object and the instructions that the verifier has looked at.

. "$SRC/tests/suites/common.bash"

families=$(< /sys/class/chr_ext/families)
for object in "$DRIVERS"/*.bpf.o; do
	name=$(basename "$object" .bpf.o)
	echo "# object $(sha256sum < "$object" | cut -d ' ' -f 1) $name"
	# shellcheck disable=SC2031
	if ! grep -q '#include <chr_ext/gpio' "$SRC/bpf/drivers/$name.bpf.c" ||
		[[ " $families " == *" gpio "* ]]; then
		ok "$name loads" chrext load "$object"
	else
		fails "$name does not load" chrext load "$object"
		like "as there is no family for it" "$tap_output" "has no GPIO"
		continue
	fi
	for pin in "$pins"/*/; do
		driver=$(basename "$pin")
		chrext show "$driver" --json | jq -r '.programs[] | "\(.id) \(.op)"' |
			while read -r id op; do
				echo "# verified $name $op $("$PROGS/verified" "$id")"
			done
		ok "$driver goes" chrext unload "$driver"
	done
done
finish
