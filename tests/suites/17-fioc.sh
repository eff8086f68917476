#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 60

. "$SRC/tests/suites/common.bash"

ok "fioc loads" chrext load "$DRIVERS/fioc.bpf.o"
points "$PROGS/fioc" /dev/fioc chrext unload fioc

ok "a size given at load" chrext load "$DRIVERS/fioc.bpf.o" --set dev_size=108
is "holds 100 bytes" "$(call /dev/fioc rw W:1000 w:x pr:1@99 pr:1@100)" \
	"100 ENOMEM 1:x 0"
is "no op returned nonsense" "$(count fioc bad_returns)" 0
chrext unload fioc

# Too small for anything; no op may stumble over that.
ok "no size at all" chrext load "$DRIVERS/fioc.bpf.o" --set dev_size=0
is "gives ENOMEM" "$(call /dev/fioc rw w:x r:1)" "ENOMEM ENOMEM"
is "one line in the log has the reason" \
	"$(chrext log fioc --no-follow | grep -c 'sets no .dev_size')" 1
chrext unload fioc
finish
