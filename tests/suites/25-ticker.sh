#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 90
# also: rt

. "$SRC/tests/suites/common.bash"

t=/dev/ticker

start() {
	chrext load "$DRIVERS/ticker.bpf.o" --foreground "$@" &
	loader=$!
}

start --set period_us=50000
ok "ticker loads" soon test -c $t
points "$PROGS/ticker" $t chrext unload ticker
kill $loader 2> /dev/null
wait $loader 2> /dev/null

# Everything at once: 16 of them, as fast as it goes, with readers.
start --set period_us=100 --set instances=16
ok "16 of them" soon test -c ${t}15
cat ${t}0 > /dev/null 2>&1 &
reader=$!
like "tick each by itself" "$(call ${t}15 r R:16)" '^16:'
like "under a reader" "$(call ${t}0 r R:16)" '^16:'
ok "and go while they do" chrext unload ticker
wait $loader 2> /dev/null
ok "which ends the reader" soon eval "! kill -0 $reader 2> /dev/null"

fails "a period of 99 us is refused" \
	chrext load "$DRIVERS/ticker.bpf.o" --set period_us=99
fails "one of 0" chrext load "$DRIVERS/ticker.bpf.o" --set period_us=0

# By hand: a timer that was cancelled starts again.
start --set period_us=50000
soon test -c $t
echo chr_ext.ticker.0 > "$drivers/chr_ext.ticker/unbind"
fails "unbound it is gone" test -e $t
echo chr_ext.ticker.0 > "$drivers/chr_ext.ticker/bind"
ok "bound again it is there" soon test -c $t
like "and ticks" "$(call $t r R:16)" '^16:'

kill -9 $loader
wait $loader 2> /dev/null
# In place of another, with a file open and a timer running.
points "$PROGS/update" "$DRIVERS/ticker.bpf.o" $t 16
finish
