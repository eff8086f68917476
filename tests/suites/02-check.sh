#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# machines: host
# timeout: 600
#
# The tree as tools see it: shellcheck, mandoc, sparse, checkpatch; and more
# damaged objects through the library than fit into a guest's time.

. "$SRC/tests/lab/tap.sh"

for what in scripts pages sparse patch; do
	ok "make check-$what" "$SRC/tests/lab/lab" check check-$what
done
ok "make fuzz" "$SRC/tests/lab/lab" enter make -C /src/build/common/src fuzz
done_testing
