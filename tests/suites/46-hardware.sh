#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 300
# also: threadirqs
# smp: threads
#
# What configfs refuses to make a board of, and what happens to a driver's devices
# when boards, chips and drivers come and go.

. "$SRC/tests/suites/chip.bash"

port=$DRIVERS/port.bpf.o

chip_new mychip lines=8 names=a,b,,led
mychip=$dev

# put FILE TEXT: in one write(2), which the shell does for a single line.
put() {
	if [[ $2 != *$'\n'* ]]; then
		echo "$2" > "$boards/$1"
		return
	fi
	echo "$2" > /tmp/put
	dd if=/tmp/put of="$boards/$1" bs=64K status=none
}
# refused DESC ERRNO WHY CMD...
refused() {
	local desc=$1 errno=$2 why=$3
	shift 3
	fails "$desc" "$@"
	like "is $errno" "$tap_output" "$errno"
	like "and the log has the reason" "$(dmesg -c)" "chr_ext: b: refused: $why"
}
mkdir $boards/b
refused "no compatible" "Invalid argument" "compatible is empty" put b/live 1
refused "an empty one" "Invalid argument" "compatible has 1 to 127" put b/compatible ""
refused "one of 128 characters" "Invalid argument" "compatible has 1 to 127" \
	put b/compatible "$(printf 'c%.0s' {1..128})"
ok "one of 127" put b/compatible "$(printf 'c%.0s' {1..127})"
refused "a blank" "Invalid argument" "compatible has the character 0x20" \
	put b/compatible "chr-ext,port other"
refused "a newline" "Invalid argument" "compatible has the character 0x0a" \
	put b/compatible $'a\nb'
refused "a letter that is not ASCII" "Invalid argument" "compatible has the character 0xc3" \
	put b/compatible "chr-ext,pört"
text $boards/b/compatible
is "nothing of it is left" "${#text}" 127
put b/compatible chr-ext,port
refused "no con_id" "Invalid argument" "no con_id: create a directory" put b/live 1
refused "a con_id of 200 characters" "File name too long" "the name of a con_id has more than 31 characters" \
	mkdir "$boards/b/$(printf 'c%.0s' {1..200})"
refused "one of 32" "File name too long" "the name of a con_id has more than 31 characters" \
	mkdir "$boards/b/12345678901234567890123456789012"
ok "one of 31" mkdir $boards/b/1234567890123456789012345678901
rmdir $boards/b/1234567890123456789012345678901
fails "one that is an attribute" mkdir $boards/b/live
mkdir $boards/b/port
refused "no lines" "Invalid argument" "port has no lines" put b/live 1
printf 'mychip:%d\n' {0..64} > /tmp/lines
refused "65 lines" "Argument list too long" "port has more than 64 lines" \
	put b/port/lines "$(< /tmp/lines)"
text $boards/b/port/lines
is "leave none" "$text" ""
head -n 64 /tmp/lines > /tmp/lines64
ok "64 lines" put b/port/lines "$(< /tmp/lines64)"
refused "and one more" "Argument list too long" "port has more than 64 lines" \
	put b/port/lines led
text $boards/b/port/lines
is "leave 64" "$(wc -l <<< "$text")" 64
refused "lines that the chip has not" "Numerical result out of range" \
	"line 8 of port: the chip mychip has no offset 8" put b/live 1
ok "an empty line" put b/port/lines ""
text $boards/b/port/lines
is "removes them all" "$text" ""
refused "an offset that no chip has" "Numerical result out of range" \
	"port: the offset 65535 is too large" put b/port/lines mychip:65535
# live_refused DESC LINES ERRNO WHY
live_refused() {
	put b/port/lines ""
	put b/port/lines "$2"
	refused "$1" "$3" "$4" put b/live 1
}
live_refused "the same line twice" $'led\nled' "File exists" "line 1 of port, mychip:3, is listed twice"
live_refused "by name and by offset" $'led\nmychip:3' "File exists" "line 1 of port, mychip:3, is listed twice"
live_refused "unknown chip" $'led\nnone:0' "No such file" 'line 1 of port: there is no chip "none"'
live_refused "unknown line" none "No such file" 'line 0 of port: there is no line "none"'
live_refused "a flag that is none" "mychip:0 fast" "No such file" 'line 0 of port: there is no line "mychip:0 fast"'
gpioset led=1 &
holder=$!
soon holder_there "$mychip" 3
live_refused "a line that is used" $'mychip:0\nled' "Device or resource busy" \
	'line 1 of port, mychip:3, is in use by "gpioset"'
kill $holder
wait $holder 2> /dev/null
fails "live is a truth" put b/live x
ok "then it becomes live" put b/live 1
ok "and stays so if written twice" put b/live 1
text $boards/b/dev_name
like "it is on the bus" "$text" '^chr_ext_board-[0-9a-f]{5}\.[0-9]+$'
board=$text
ok "namely" test -e $bus/devices/"$board"
refused "a live board keeps its compatible" "Device or resource busy" "a live board cannot change" put b/compatible x
refused "its lines" "Device or resource busy" "a live board cannot change" put b/port/lines b
refused "gets no other con_id" "Device or resource busy" "a live board cannot change" mkdir $boards/b/reset
fails "loses none" rmdir $boards/b/port
like "as it is busy" "$tap_output" "Device or resource busy"
fails "and stays" rmdir $boards/b
fails "and keeps the module" rmmod chr_ext
like "which is busy" "$tap_output" "in use"
like "a board counts" "$(refcount)" "^[1-9]"

# Drivers and boards, in any order.
bound() {
	[ -c /dev/bpf_port ] && [ -e $bus/drivers/chr_ext.bpf_port/"$board" ]
}
ok "board first: the driver loads" chrext load "$port"
ok "and has its device" bound
echo "$board" > $bus/drivers/chr_ext.bpf_port/unbind
fails "unbound, it has not" test -e /dev/bpf_port
is "and its lines are free" "$(gpioinfo -c "$mychip" | grep -c consumer=)" 0
echo "$board" > $bus/drivers/chr_ext.bpf_port/bind
ok "bound, it has" bound
exec {fd}<> /dev/bpf_port
ok "the board goes under an open file" put b/live 0
is "which fails with ENODEV" "$(cat 2>&1 <&$fd)" "cat: -: No such device"
fails "with the node" test -e /dev/bpf_port
ok "driver first: the board comes" put b/live 1
text $boards/b/dev_name
board=$text
ok "and is bound" bound
is "the old file is dead" "$(cat 2>&1 <&$fd)" "cat: -: No such device"
exec {fd}>&-
is "a new one lives" "$(cat /dev/bpf_port)" 01
chrext unload bpf_port
is "without the driver the lines are free" "$(gpioinfo -c "$mychip" | grep -c consumer=)" 0
gpioset led=1 &
holder=$!
soon holder_there "$mychip" 3
ok "a line that is used when the driver comes" chrext load "$port"
is "is its reason" "$tap_output" \
	'chrext: driver "bpf_port" is loaded, but not bound to all hardware: a line of "port" is in use'$'\n'
fails "to have no node" test -e /dev/bpf_port
kill $holder
wait $holder 2> /dev/null
echo "$board" > $bus/drivers/chr_ext.bpf_port/bind
ok "until the line is free" bound
ok "another driver of that compatible" chrext load "$port" --name other
fails "finds it taken" test -e /dev/other
chrext unload bpf_port
echo "$board" > $bus/drivers_probe
ok "but gets it afterwards" test -c /dev/other
chrext unload other
put b/live 0

# Which string of a list matched.
long=chr-ext,$(printf 'c%.0s' {1..119})
for kind in chr-ext,kind-a chr-ext,kind-c "$long"; do
	put b/compatible "$kind"
	put b/live 1
	ok "a driver of four compatibles" chrext load "$TESTDRIVERS/kinds.bpf.o"
	case $kind in
	*-a) match=0 ;;
	*-c) match=2 ;;
	*) match=3 ;;
	esac
	is "knows that $kind matched" "$(cat /dev/kinds0)" "$match $kind"
	chrext unload kinds
	put b/live 0
done
put b/compatible chr-ext,kind
put b/live 1
chrext load "$TESTDRIVERS/kinds.bpf.o" > /tmp/out 2>&1
fails "a part of one does not match" test -e /dev/kinds0
chrext unload kinds
put b/live 0
put b/compatible chr-ext,port

# gone CHIP: its file fails with ENODEV, and there is no node.
gone() {
	is "$1: its file fails with ENODEV" "$(cat 2>&1 <&$fd)" "cat: -: No such device"
	fails "$1: and the node is gone" test -e /dev/bpf_port
}

# A chip whose device has a driver, as all real ones have.
chip_new plug lines=4 bound
plug=$(cd $bus/drivers/chr_ext_chip_bound && echo chr_ext_chip_bound.*)
put b/port/lines ""
put b/port/lines plug:0
put b/live 1
chrext load "$port"
exec {fd}<> /dev/bpf_port
echo "$plug" > $bus/drivers/chr_ext_chip_bound/unbind
gone "a chip whose driver goes"
echo "$plug" > $bus/drivers/chr_ext_chip_bound/bind
ok "comes back with it" soon test -c /dev/bpf_port
exec {fd}>&-
exec {fd}<> /dev/bpf_port
chip_del plug
gone "a chip that is unplugged"
exec {fd}>&-
chip_new plug lines=4 bound
ok "plugged again it comes back, though the chip is another device" \
	soon test -c /dev/bpf_port
is "with its lines" "$(cat /dev/bpf_port)" 0
like "as the driver's log has it" "$(chrext log bpf_port --no-follow)" \
	"bpf_port is removed with its supplier chr_ext_chip_bound"
chip_del plug
echo 7 > /dev/bpf_port
chip_new plug lines=4 bound
text $boards/b/dev_name
board=$text
taken() {
	chrext log bpf_port --no-follow | grep -q "there is a /dev/bpf_port already"
}
ok "with a file in the place of its node it is refused" soon taken
fails "and not bound" test -e $bus/drivers/chr_ext.bpf_port/"$board"
is "the file stays" "$(< /dev/bpf_port)" 7
rm /dev/bpf_port
echo "$board" > $bus/drivers/chr_ext.bpf_port/bind
ok "bound again without the file it has its node" bound
echo "$board" > $bus/drivers/chr_ext.bpf_port/unbind
chip_del plug
chip_new plug lines=4 bound
fails "what was unbound by hand stays so" bound
echo "$board" > $bus/drivers_probe
ok "until it is bound by hand" bound
chrext unload bpf_port
chip_del plug
chrext load "$port"
fails "a driver that comes before the chip" test -e /dev/bpf_port
chip_new plug lines=4 bound
ok "gets it when it is there" soon test -c /dev/bpf_port
chrext unload bpf_port
put b/live 0

# And one without.
chip_new bare lines=4
put b/port/lines ""
put b/port/lines bare:0
put b/live 1
chrext load "$port"
exec {fd}<> /dev/bpf_port
chip_del bare
is "a chip that goes unannounced: its lines are gone" "$(cat 2>&1 <&$fd)" \
	"cat: -: No such device"
exec {fd}>&-
chrext unload bpf_port
put b/live 0
rmdir $boards/b/port $boards/b

if modprobe gpio-sim 2> /dev/null; then
	sim=/sys/kernel/config/gpio-sim/s
	mkdir $sim $sim/bank $sim/bank/line1
	echo simchip > $sim/bank/label
	echo 4 > $sim/bank/num_lines
	echo simline > $sim/bank/line1/name
	echo 1 > $sim/live
	ok "gpio-sim: a board of its lines" chrext board add s chr-ext,port \
		port=simline,simchip:0/active-low
	chrext load "$port"
	is "gpio-sim: they have values" "$(cat /dev/bpf_port)" 01
	exec {fd}<> /dev/bpf_port
	text $sim/dev_name
	echo "$text" > $bus/drivers/gpio-sim/unbind
	gone gpio-sim
	exec {fd}>&-
	echo "$text" > $bus/drivers/gpio-sim/bind
	ok "gpio-sim: it comes back" soon test -c /dev/bpf_port
	is "gpio-sim: with its values" "$(cat /dev/bpf_port)" 01
	echo 0 > $sim/live
	fails "gpio-sim: made anew" test -e /dev/bpf_port
	echo 1 > $sim/live
	ok "gpio-sim: it comes back too" soon test -c /dev/bpf_port
	chrext unload bpf_port
	chrext board rm s
	echo 0 > $sim/live
	rmdir $sim/bank/line1 $sim/bank $sim
	rmmod gpio-sim
else
	skip "gpio-sim" "this kernel has none"
fi

# Many.
ok "200 boards" mkdir $boards/m{1..200}
mkdir $boards/m{1..200}/port
for i in {1..200}; do
	echo many > $boards/m"$i"/compatible
	echo "mychip:$((i % 8))" > $boards/m"$i"/port/lines
	echo 1 > $boards/m"$i"/live
done
is "are live" "$(cat $boards/m*/live | grep -c 1)" 200
is "on the bus" "$(cd $bus/devices && echo chr_ext_board-* | wc -w)" 200
is "and listed" "$(chrext board list | grep -c '^m')" 200
for i in {1..200}; do
	echo 0 > $boards/m"$i"/live
done
rmdir $boards/m{1..200}/port $boards/m{1..200}
ok "and go" no_boards
chip_new wide lines=64
mkdir $boards/w{0..63}
mkdir $boards/w{0..63}/port
for i in {0..63}; do
	echo chr-ext,port > $boards/w"$i"/compatible
	echo "wide:$i" > $boards/w"$i"/port/lines
	echo 1 > $boards/w"$i"/live
done
ok "a driver of 64 devices" chrext load "$port" --set instances=64
is "has them" "$(cat /dev/bpf_port{0..63} | tr -d 1)" "$(printf '0%.0s' {0..63})"
is "each on its board" "$(chrext board list --json | jq '[.[] | select(.node)] | length')" 64
for i in {0..63}; do
	echo 0 > $boards/w"$i"/live
done
rmdir $boards/w{0..63}/port $boards/w{0..63}
fails "which go with their boards" test -e /dev/bpf_port0
chrext unload bpf_port

ok "no board is left" no_boards
fails "nor anything of one on the bus" ls $bus/devices/chr_ext_board*
ok "the module is not used any more" soon unused

chip_unload
finish
