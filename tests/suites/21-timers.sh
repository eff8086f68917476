#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 120
# also: rt
#
# The framework's timers.

. "$SRC/tests/suites/common.bash"

t=/dev/timers

# timer COMMAND TIMER [N]
timer() {
	call $t rw "i:$1,$((${3:-0} << 4 | $2))"
}

# at_least COMMAND TIMER NUMBER
at_least() {
	[ "$(timer "$1" "$2")" -ge "$3" ]
}

ok "a driver without an event op" chrext load "$TESTDRIVERS/deaf.bpf.o"
is "cannot start a timer" "$(call /dev/deaf rw i:1,0)" EOPNOTSUPP
chrext unload deaf
ok "a driver with timers" chrext load "$TESTDRIVERS/timers.bpf.o"
is "a timer that was not started is not cancelled" "$(timer 4 0)" 0
is "one that is started" "$(timer 1 0 50)" 0
ok "expires" soon at_least 5 0 1
sleep 0.3
is "once" "$(timer 5 0) $(timer 6 0)" "1 1"
timer 11 1 50 > /dev/null
ok "by a time" soon at_least 5 1 1
timer 12 1 > /dev/null
ok "that can be over" soon at_least 5 1 2
is "an hour" "$(timer 1 2 3600000)" 0
is "is cancelled" "$(timer 4 2)" 1
is "but once" "$(timer 4 2)" 0

# Expirations that are queued while the event op takes its time.
# expires ID: a timer, at once.
expires() {
	local before
	before=$(count timers events)
	timer 1 "$1" 0 > /dev/null
	soon eval "[ \"\$(count timers events)\" -gt $before ]"
}
ordered() {
	[ "$(timer 13 0)" = "$1" ]
}
timer 14 0 1 > /dev/null
ok "a timer whose event op is slow" expires 6
ok "one that is queued behind it" expires 0
ok "a third" expires 1
ok "and the second, started again" expires 0
timer 14 0 0 > /dev/null
ok "is reported at the place of its new expiry, and once" soon ordered $((0x721))
for id in 8 15; do
	is "there is no timer $id" "$(timer 1 $id 1) $(timer 4 $id)" "EINVAL EINVAL"
done
is "nor a flag 2" "$(timer 8 0 2)" EINVAL
is "a period of 99 us is too short" "$(timer 3 3 99)" EINVAL
is "100 us are not" "$(timer 3 3 100)" 0
is "a timer that is started again" "$(timer 3 3 20000)" 0
first=$(timer 6 3)
sleep 0.5
second=$(timer 6 3)
ok "has the new period ($((second - first)) expirations)" \
	test $((second - first)) -lt 1000 -a "$second" -gt "$first"

# A driver that is slower than its timer.
timer 7 0 50000 > /dev/null
timer 3 4 1000 > /dev/null
sleep 1
events=$(timer 5 4) expired=$(timer 6 4)
ok "expirations that the op is too slow for are one event ($expired in $events)" \
	test "$expired" -ge $((events * 3))
timer 7 0 0 > /dev/null
timer 4 4 > /dev/null
expired=$(timer 6 4)
sleep 0.3
ok "a timer that was cancelled is quiet" test "$(timer 6 4)" -le $((expired + 60))
is "no event is out of order" "$(timer 9 0)" 0

# Preemption off, as in a lock of a program.
is "with preemption off" "$(timer 10 0)" 0

# A live update.
before=$(timer 6 3)
ok "the driver is replaced" chrext replace "$TESTDRIVERS/timers.bpf.o"
ok "its timers run on" soon at_least 6 3 $((before + 3))
timer 3 5 100 > /dev/null
ok "a detach ends them" chrext unload timers
finish
