#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Loads @NAME@ and uses its node. Needs root and the chr_ext module.

set -e
cd "$(dirname "$0")"
chrext load @NAME@.bpf.o
trap 'chrext unload @NAME@' EXIT

# is WHAT GOT WANT
is() {
	if [ "$2" != "$3" ]; then
		echo "FAIL: $1: got \"$2\", expected \"$3\"" >&2
		exit 1
	fi
	echo "ok: $1"
}

is "the greeting" "$(cat /dev/@NAME@)" hello
echo bye > /dev/@NAME@
is "what was written" "$(cat /dev/@NAME@)" bye
