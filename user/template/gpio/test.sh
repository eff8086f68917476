#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# test.sh [CHIP:LINE]: loads @NAME@ and, with a free GPIO line, makes a board and
# uses the node. Needs root and the chr_ext module.

set -e
cd "$(dirname "$0")"
chrext load @NAME@.bpf.o
trap 'chrext unload @NAME@' EXIT
echo "ok: it loads"
if [ $# -eq 0 ]; then
	echo "skipped: the rest; give a free line, as in: $0 CHIP:LINE"
	exit
fi

# is WHAT GOT WANT
is() {
	if [ "$2" != "$3" ]; then
		echo "FAIL: $1: got \"$2\", expected \"$3\"" >&2
		exit 1
	fi
	echo "ok: $1"
}

chrext board add @NAME@-test @COMPATIBLE@ "led=$1"
trap 'chrext board rm @NAME@-test; chrext unload @NAME@' EXIT
is "it is off" "$(cat /dev/@NAME@)" 0
echo 1 > /dev/@NAME@
is "it is on" "$(cat /dev/@NAME@)" 1
echo 0 > /dev/@NAME@
is "it is off again" "$(cat /dev/@NAME@)" 0
