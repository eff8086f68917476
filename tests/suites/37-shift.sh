#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 120
# also: threadirqs
#
# What 74HC595s make of the lines of shift; see tests/progs/wires.c.

. "$SRC/tests/suites/chip.bash"

# plain CHIP, inverted CHIP: a board, when power comes.
plain() {
	wires="3 9 1" record=$chips/$1/record
	echo > "$record"
	board shift chr-ext,shift data="$1:3" clock="$1:9" latch="$1:1"
}
inverted() {
	wires="!3 !9 !1" record=$chips/$1/record
	echo > "$record"
	board shift chr-ext,shift data="$1:3 active-low" \
		clock="$1:9 active-low" latch="$1:1 active-low"
}

# latched N: what N registers had at their outputs, one time after the other.
latched() {
	# shellcheck disable=SC2086
	"$PROGS/wires" shift "$1" $wires < "$record"
}

hex() {
	od -An -v -tx1 "$1" | tr -d ' \n'
}

# writes HEX
writes() {
	printf '%b' "\\x${1//-/\\x}" > /dev/shift
}

chip_new fast record=100000
chip_new slow sleep record=100000

ok "shift loads" chrext load "$DRIVERS/shift.bpf.o"
fails "there is no node without a board" test -e /dev/shift
ok "a board comes" plain fast
is "nothing is latched" "$(latched 1)" ""
is "nor read" "$(call /dev/shift r r:9)" 0

# Random bytes for some numbers of registers.
for n in 1 2 3 8 17 64; do
	head -c $n /dev/urandom > /tmp/bytes
	cat /tmp/bytes > /dev/shift
	want=$(hex /tmp/bytes)
	is "$n bytes come out of $n registers" "$(latched $n | tail -n 1)" "$want"
	cat /dev/shift > /tmp/read
	is "and are read" "$(hex /tmp/read)" "$want"
done
is "each time they were latched once" "$(latched 1 | wc -l)" 6
before=$(sets fast)
is "more than 64 are too many" "$(call /dev/shift w W:65)" EINVAL
is "and none too few" "$(call /dev/shift w W:0)" EINVAL
is "which did nothing" "$(sets fast)" "$before"
is "reads and writes where the file is" \
	"$(call /dev/shift rw w:abc w:def r:9 pr:2@1 pr:9@3 pw:xyz@7 pr:9@0)" \
	"3 3 0 2:ef 0 3 3:xyz"

# A chain that is longer than what is written.
board_gone shift
plain fast
for byte in 11 22 33 44; do
	writes $byte
done
is "bytes move on from register to register" "$(latched 3)" \
"000011
001122
112233
223344"
ok "it is replaced" chrext replace "$DRIVERS/shift.bpf.o"
is "and still knows" "$(call /dev/shift r r:9)" 1:D
board_gone shift
fails "without the board there is no node" test -e /dev/shift
chrext unload shift

# Inverters, of a controller that sleeps, and the other end first.
chrext load "$DRIVERS/shift.bpf.o" --set lsb_first=true --set registers=3
inverted slow
writes 01-0f-a5
writes 80-f1-36
is "the other end first, with inverters" "$(latched 3)" \
"80f0a5
018f6c"
is "3 registers take 3 bytes" "$(call /dev/shift rw w:1 w:12 w:123 w:1234 pr:9@0)" \
	"EINVAL EINVAL 3 EINVAL 3:123"

# Two writers.
for text in aaa zzz; do
	texts=()
	for i in {1..40}; do
		texts+=("w:$text")
	done
	call /dev/shift w "${texts[@]}" > /dev/null &
done
wait
latched 3 | tail -n +4 | sort | uniq -c > /tmp/latched
is "of two, each has it to himself" "$(tr -s ' \n' ' ' < /tmp/latched)" \
	" 40 5e5e5e 40 868686 "
chrext unload shift
board_gone shift

# What cannot be.
chrext load "$DRIVERS/shift.bpf.o" --set registers=65
plain fast
fails "65 registers: there is no node" test -e /dev/shift
chrext unload shift
board_gone shift
chrext load "$DRIVERS/shift.bpf.o"
board shift chr-ext,shift data=fast:1 clock=fast:2 latch=fast:3,fast:4
fails "two latches: there is no node" test -e /dev/shift
board_gone shift
is "each time with the reason" \
	"$(chrext log shift --no-follow | sed -n 's/.* shift err: //p')" \
"registers is 65, more than 64
latch has 2 lines, not 1"
board shift chr-ext,shift data=fast:1 latch=fast:3
fails "no clock: there is no node" test -e /dev/shift
like "the reason is logged" "$(refusals)" 'has no lines "clock"'
board_gone shift

# What fails.
chip_fails fast 9 direction 5
plain fast
fails "a line that fails at once: there is no node" test -e /dev/shift
chip_fails fast 9 direction 0
board_gone shift
plain fast
# interrupted LINE SPARE: a write that fails there, then the next.
interrupted() {
	local before
	before=$(latched 2)
	echo "$2" > $chips/fast/spare
	chip_fails fast "$1" set 5
	like "line $1 fails after $2 sets" "$(complaint writes ff-ff)" 'Input/output error'
	chip_fails fast "$1" set 0
	is "line $1 fails after $2 sets: nothing is latched" "$(latched 2)" "$before"
	is "nor read" "$(call /dev/shift r r:9)" '2:\x124'
	writes 12-34
	is "line $1 has failed after $2 sets: the next write is whole" \
		"$(latched 2 | tail -n +$(($(wc -l <<< "$before") + 1)))" 1234
}
if setters_fail; then
	writes 12-34
	# data; clock low, high; latch low, high.
	interrupted 3 5
	interrupted 9 0
	interrupted 9 7
	interrupted 9 8
	interrupted 1 0
	interrupted 1 1
else
	skip "a line fails" "setters cannot in this kernel"
fi
board_gone shift
for chip in fast slow; do
	ok "the record of $chip is all there was" test "$(sets $chip)" -le 100000
	chip_del $chip
done
chip_unload

# The kernel's own chip.
if sim_new shiftsim 4; then
	board shift chr-ext,shift data=shiftsim:0 clock=shiftsim:2 latch=shiftsim:1
	writes 5a-c3
	writes 01-fe
	sim_record > /tmp/record
	wires="0 2 1" record=/tmp/record
	is "gpio-sim latches them" "$(latched 2)" $'5ac3\n01fe'
	board_gone shift
	sim_del shiftsim
else
	skip "gpio-sim latches them" "this kernel has none"
fi
chrext unload shift

finish
