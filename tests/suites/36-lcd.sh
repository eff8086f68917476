#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 180
# also: threadirqs
#
# What an HD44780 makes of the lines of lcd; see tests/progs/wires.c.

. "$SRC/tests/suites/chip.bash"

# setting ROWS COLUMNS: loads the driver for such a display.
setting() {
	rows=$1 columns=$2
	chrext load "$DRIVERS/lcd.bpf.o" --set rows="$1" --set columns="$2"
}

# four CHIP, eight CHIP: a board, when power comes. The second has inverters in
# all its lines.
four() {
	wires="2 11 4 7 5 6" record=$chips/$1/record
	echo > "$record"
	board lcd chr-ext,lcd rs="$1:2" enable="$1:11" data="$1:4,$1:7,$1:5,$1:6"
}
eight() {
	local data
	printf -v data ",$1:%d active-low" 2 3 4 5 6 7 8 9
	wires="!0 !1 !2 !3 !4 !5 !6 !7 !8 !9" record=$chips/$1/record
	echo > "$record"
	board lcd hit,hd44780 rs="$1:0 active-low" enable="$1:1 active-low" \
		data="${data:1}"
}

# screen [STATE]: what can be read there, and what the data sheet forbids.
screen() {
	# shellcheck disable=SC2086
	"$PROGS/wires" lcd "${1:-8}" $rows $columns $wires < "$record"
}

# shows DESC ROW...
shows() {
	local want
	printf -v want "|%-${columns}s|\n" "${@:2}"
	is "$1" "$(screen)" "${want%?}"
}

# writes TEXT, with \ as in C, by one call.
writes() {
	printf '%b' "$1" > /dev/lcd
}

# prints DESC TEXT ROW...: TEXT is written, and then that is there.
prints() {
	writes "$2" || fail "$1: is not taken"
	shows "$1" "${@:3}"
}

chip_new fast record=100000
chip_new slow sleep record=100000

# Text.
ok "lcd loads" setting 2 16
fails "there is no node without a display" test -e /dev/lcd
ok "a display with four data lines comes" four fast
shows "it is on, and blank" "" ""
ok "echo hello" eval "echo hello > /dev/lcd"
shows "shows it" hello ""
for state in 4 half; do
	is "also when the controller was in state $state" "$(screen $state)" "$(screen 8)"
done
before=$(sets fast)
ok "what is there already" writes '\fhello'
is "is not sent again" "$(sets fast)" "$before"
prints "a character" '\fhallo' hallo ""
is "is an address and a byte" $(($(sets fast) - before)) 14
prints "a second line" '\n2nd' hallo 2nd
prints "a newline at the end" '\n' hallo 2nd
prints "moves the lines when there is more" '3' 2nd 3
prints "an empty line" '\n\n4' "" 4
prints "\\r goes to the start" '\n1234\rx' 4 x234
prints "a newline clears the rest" '\r\n\r\n' "" ""
prints "\\b takes back" '\f1234\b\b5' 125 ""
prints "not more than there is" '\b\b\b\b\b67' 67 ""
prints "\\t is a blank, \\f clears" '\fa\tb' "a b" ""
prints "what is too long is left out" '\f0123456789abcdefghi\n0123456789abcdefghi' \
	0123456789abcdef 0123456789abcdef
prints "the last can be taken back" '\b\bX' 0123456789abcdef 0123456789abcdX
is "nothing is nothing" "$(call /dev/lcd w W:0)" 0
is "no more than 4096 at a time" "$(call /dev/lcd w W:5000)" 4096

# Every byte but \b, \t, \n, \f and \r is a character. Bash knows no byte 0.
for ((i = 0; i < 256; i += 32)); do
	bytes='\f' want='|'
	for ((j = i; j < i + 32; j++)); do
		case $j in
		8 | 9 | 10 | 12 | 13) continue ;;
		$((i + 16))) bytes+='\n' want+=$'|\n|' ;;
		esac
		printf -v byte '\\x%02x' $j
		bytes+=$byte
		[ $j -lt 32 ] || [ $j -gt 126 ] || printf -v byte '%b' "$byte"
		want+=$byte
	done
	[ $i -ne 0 ] || want=${want/|$'\n'/     |$'\n'}
	writes "$bytes"
	is "bytes from $i on are characters" "$(screen)" "$want|"
done

prints "a text in one" '\fone\ntwo\n\nthree\b\b\rT' "" Thr
call /dev/lcd w $'w:\f' w:o w:n w:e $'w:\n' w:t w:wo $'w:\n' $'w:\n' w:three \
	$'w:\b' $'w:\b' $'w:\r' w:T > /dev/null
shows "and in many" "" Thr
ok "it is replaced" chrext replace "$DRIVERS/lcd.bpf.o"
prints "and goes on" E "" TEr
board_gone lcd
fails "without the display there is no node" test -e /dev/lcd
chrext unload lcd

# Sizes.
letters=abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789
for size in "1 16" "1 40" "2 8" "2 40" "3 16" "4 16" "4 20"; do
	# shellcheck disable=SC2086
	setting $size
	case $size in
	*0) eight slow ;;
	*) four fast ;;
	esac
	lines=("A${letters:0:columns - 1}" "B${letters:1:columns - 1}"
		"C${letters:2:columns - 1}" "D${letters:3:columns - 1}")
	lines=("${lines[@]:0:rows}")
	printf -v text '\\n%s' "${lines[@]}"
	prints "$size" "${text:2}" "${lines[@]}"
	prints "$size, one on" "\n-\n" "${lines[@]:1}" -
	board_gone lcd
	chrext unload lcd
done

# What cannot be.
four fast
want=
for size in "0 16" "5 16" "2 7" "2 41" "3 21"; do
	# shellcheck disable=SC2086
	setting $size
	fails "$size: there is no node" test -e /dev/lcd
	chrext unload lcd
	want+="${size/ / rows of } columns are not 1 or 2 of 8 to 40, or 3 or 4 of 8 to 20"$'\n'
done
board_gone lcd
setting 2 16
board lcd chr-ext,lcd rs=fast:0 enable=fast:1 data=fast:2,fast:3,fast:4
fails "three data lines: there is no node" test -e /dev/lcd
board_gone lcd
board lcd chr-ext,lcd rs=fast:0 enable=fast:1,fast:6 data=fast:2,fast:3,fast:4,fast:5
fails "two enable lines: there is no node" test -e /dev/lcd
board_gone lcd
want+="there are 3 data, 1 enable, 1 rs lines, not 4 or 8, 1, 1
there are 4 data, 2 enable, 1 rs lines, not 4 or 8, 1, 1"
is "each time with the reason" \
	"$(chrext log lcd --no-follow | sed -n 's/.* lcd err: //p')" "$want"
board lcd chr-ext,lcd enable=fast:1 data=fast:2,fast:3,fast:4,fast:5
fails "without rs there is no node" test -e /dev/lcd
like "the reason is logged" "$(refusals)" 'lcd has no lines "rs"'
board_gone lcd

# What fails.
chip_fails fast 11 direction 5
four fast
fails "a line that fails at once: there is no node" test -e /dev/lcd
like "the reason is logged" "$(refusals)" 'cannot get the lines "enable": -EIO'
chip_fails fast 11 direction 0
board_gone lcd
four fast
prints "when it works there is one" ok ok ""

# interrupted LINE SPARE: a write that fails there, then the next.
interrupted() {
	echo "$2" > $chips/fast/spare
	chip_fails fast "$1" set 5
	like "line $1 fails after $2 sets" "$(complaint writes no)" 'Input/output error'
	chip_fails fast "$1" set 0
	prints "line $1 has failed after $2 sets: the next" "\f$1,$2" "$1,$2" ""
}
if setters_fail; then
	for i in 0 1 2 3 4 5 6 7; do
		interrupted 11 $i
	done
	interrupted 4 1
	interrupted 2 0
	chip_fails fast 4 set 5
	is "as long as it fails" "$(call /dev/lcd w w:no w:no)" "EIO EIO"
	chip_fails fast 4 set 0
	prints "nothing counts" yes 2,0yes ""
else
	skip "a line fails" "setters cannot in this kernel"
fi
board_gone lcd
chrext unload lcd

# Writes that are not finished.
setting 4 20
eight slow
printf -v text '%020d\n' 0 0 0
texts=(w:$'\f'"${text//0/A}AAAAA" w:$'\f'"${text//0/B}BBBBB")
for i in {1..6}; do
	texts+=("${texts[@]}")
done
begun() {
	"$PROGS/call" /dev/lcd w "${texts[@]}" > /tmp/begun &
	writer=$!
	sleep 0.3
}
for i in {1..10}; do
	begun
	kill -KILL $writer
	wait $writer 2> /dev/null
	text=$(screen)
	[[ $text != *A*B* && $text != *B*A* ]] || break
done
like "a writer is killed in the middle" "$text" 'A.*B|B.*A'
writes '!'
text=$(screen)
is "the next shows what was before" "${text//B/A}" \
'|AAAAAAAAAAAAAAAAAAAA|
|AAAAAAAAAAAAAAAAAAAA|
|AAAAAAAAAAAAAAAAAAAA|
|AAAAA!              |'
like "all of it" "$text" '^[^A]*$|^[^B]*$'
begun
ok "the driver goes during a write" chrext unload lcd
wait $writer
like "which fails with ENODEV" "$(< /tmp/begun)" '^[0-9 ]*(ENODEV ?)+$'
board_gone lcd
for chip in fast slow; do
	ok "the record of $chip is all there was" test "$(sets $chip)" -le 100000
	chip_del $chip
done
chip_unload

# The kernel's own chip.
if sim_new lcdsim 8; then
	setting 2 16
	board lcd chr-ext,lcd enable=lcdsim:0 rs=lcdsim:1 \
		data=lcdsim:2,lcdsim:3,lcdsim:4,lcdsim:5
	writes 'hello,\n'
	writes world
	sim_record > /tmp/record
	wires="1 0 2 3 4 5" record=/tmp/record
	WIRES_SLACK=1000 shows "gpio-sim shows it" hello, world
	board_gone lcd
	chrext unload lcd
	sim_del lcdsim
else
	skip "gpio-sim shows it" "this kernel has none"
fi

finish
