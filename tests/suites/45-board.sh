#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 300
# also: threadirqs
#
# Boards: chrext board, what configfs takes and refuses, and what happens to a
# driver's devices when boards, chips and drivers come and go.

. "$SRC/tests/suites/chip.bash"

port=$DRIVERS/port.bpf.o
store=/tmp/boards

chip_new mychip lines=8 names=a,b,,led
mychip=$dev

# Usage.
exits 2 "board without a verb" chrext board
like "is named as what was expected" "$tap_output" "^chrext: board: expected a verb"
exits 2 "a verb that boards do not have" chrext board fly
exits 2 "add of nothing" chrext board add
like "its arguments are expected" "$tap_output" "board add: expected NAME COMPATIBLE CON_ID="
exits 2 "add without lines" chrext board add b1 chr-ext,port
like "all of its arguments are expected" "$tap_output" "board add: expected NAME COMPATIBLE CON_ID="
exits 2 "list of something" chrext board list b1
exits 2 "save of two" chrext board save b1 b2
exits 2 "an option of another verb" chrext board list --wait 1
for text in '' x -1 1x 86401; do
	exits 2 "a --wait of '$text'" chrext board restore "--wait=$text"
done
for text in '' . a/b 'a b' 12345678901234567890123456789012; do
	exits 2 "a board of the name '$text'" chrext board add "$text" c port=mychip:0
	like "is refused" "$tap_output" "bad board name "
done

# syntax ARG TEXT: ARG is rejected with TEXT.
syntax() {
	exits 2 "lines '$1'" chrext board add b1 chr-ext,port "$1"
	like "and why not" "$tap_output" "$2"
}
syntax port "port: expected CON_ID=LINE"
syntax '=mychip:1' 'bad con_id "": it is empty'
syntax 'po rt=mychip:1' 'bad con_id "po rt": only printable'
syntax '#port=mychip:1' "it begins with '#'"
syntax 12345678901234567890123456789012=led "longer than 31"
syntax compatible=led 'bad compatible "led": there is one already'
syntax port= 'bad line "": it is empty'
syntax port=mychip:1, 'bad line "": it is empty'
syntax port=mychip:1/ 'unknown flag ""'
syntax port=mychip:1/fast 'unknown flag "fast"; a line can have active-low, '
syntax 'port=led\' "a backslash at the end"
syntax 'port= led' "begins or ends with a blank"
syntax 'port=led ' "begins or ends with a blank"
syntax $'port=l\ted' "control character"
syntax 'port=led active-low' "ends in a word that is a flag"
syntax 'port=/dev/gpiochip0:1' "expected the label of a chip, not its path"
ok "and there is no board of it" no_boards

# Boards come, are listed and go.
ok "list of nothing" chrext board list
is "is empty" "$tap_output" ""
is "as JSON too" "$(chrext board list --json | jq -c .)" "[]"
fails "there is no board to remove" chrext board rm b1
like "with the reason" "$tap_output" "there is no board b1"
fails "nor is .. one" chrext board rm ..
ok "add" chrext board add b1 chr-ext,port \
	port=mychip:0,mychip:2/active-low/pull-up,led reset=b
is "prints that there is no driver yet" "$tap_output" \
	$'chrext: board b1 was created, but no driver for "chr-ext,port" is bound to it yet\n'
text $boards/b1/live
is "the board is live" "$text" 1
text $boards/b1/port/lines
is "with the lines in their order" "$text" \
	$'mychip:0\nmychip:2 active-low pull-up\nled'
is "list has it" "$(chrext board list)" \
"BOARD  COMPATIBLE    LIVE  DRIVER  NODE
b1     chr-ext,port  yes   -       -
  port[0]  mychip:0  -
  port[1]  mychip:2/active-low/pull-up  -
  port[2]  led  -
  reset[0]  b  -"
fails "there cannot be two of a name" chrext board add b1 chr-ext,port port=led
like "with the reason" "$tap_output" "board b1 exists already; 'chrext board rm b1' first"
ok "load of its driver" chrext load "$port"
is "prints nothing either" "$tap_output" ""
like "list has driver, node and holders" "$(chrext board list)" \
"b1 +chr-ext,port +yes +bpf_port +bpf_port
  port\[0\]  mychip:0  bpf_port:port
  port\[1\]  mychip:2/active-low/pull-up  bpf_port:port
  port\[2\]  led  bpf_port:port
  reset\[0\]  b  -"
chrext board list --json > /tmp/json
like "and JSON" "$(jq -c '.[0] | [.board, .compatible, .live, .device, .driver, .node]' /tmp/json)" \
	'\["b1","chr-ext,port",true,"chr_ext_board-[0-9a-f]{5}.0","bpf_port","bpf_port"\]'
is "with lines" "$(jq -c '.[0].con_ids[0]' /tmp/json)" \
	'{"con_id":"port","lines":[{"chip":"mychip","offset":0,"flags":[],"holder":"bpf_port:port"},{"chip":"mychip","offset":2,"flags":["active-low","pull-up"],"holder":"bpf_port:port"},{"name":"led","flags":[],"holder":"bpf_port:port"}]}'
like "chrext list has the board of a device" "$(chrext list)" \
	"WRITES  HARDWARE"$'\n'"bpf_port +bpf_port .* 0  b1$"
like "and JSON" "$(chrext list --json | jq -c '.[0] | [.hardware, .board]')" \
	'\["chr_ext_board-[0-9a-f]{5}.0","b1"\]'
like "chrext show has it too" "$(chrext show bpf_port)" \
	"hardware  chr-ext,port"$'\n'".*hardware +chr_ext_board-[0-9a-f]+.0"$'\n'" *board +b1"
ok "rm of a board that is used" chrext board rm b1
ok "and it is gone" no_boards
fails "and the node" test -e /dev/bpf_port
is "chrext list has a driver without hardware" "$(chrext list | tail -n 1)" \
	"bpf_port  -     (no hardware is bound to it)"
is "and JSON" "$(chrext list --json | jq -c '.[0]')" \
	'{"driver":"bpf_port","node":null,"why":"no hardware is bound to it"}'
like "chrext show too" "$(chrext show bpf_port)" "chr-ext,port \(none is bound\)"
chrext unload bpf_port
chrext load "$DRIVERS/hello.bpf.o"
fails "a virtual device has no hardware" grep HARDWARE <(chrext list)
echo chr_ext.hello.0 > $bus/drivers/chr_ext.hello/unbind
like "without its device, hello is listed so" "$(chrext list)" \
	"hello +- +\(its devices are unbound\)"
chrext unload hello

# Names that have what the syntax uses.
chip_new 'odd,la\bel:1=2' lines=4 'names=n/a,x=1:y,ä'
# The letters are doubled for chrext, and again for the shell.
ok "odd labels and names" chrext board add odd c \
	'a=odd\,la\\bel:1=2:3/open-drain,n\/a' b=x=1:y,ä
text $boards/odd/a/lines
is "come to the kernel as they are" "$text" $'odd,la\\bel:1=2:3 open-drain\nn/a'
is "and back" "$(chrext board list | tail -n 4)" \
'  a[0]  odd\,la\\bel:1=2:3/open-drain  -
  a[1]  n\/a  -
  b[0]  x=1:y  -
  b[1]  ä  -'
chrext board save odd --dir $store
chrext board rm odd
ok "also from a file" chrext board restore --dir $store odd
text $boards/odd/a/lines
is "which loses nothing" "$text" $'odd,la\\bel:1=2:3 open-drain\nn/a'
chrext board rm odd
rm $store/odd.board
exits 1 "a chip that is as odd" chrext board add odd c 'a=la\\bel ä:1'
is "is called by its name" "$tap_output" \
	'chrext: board odd: line 0 of a: there is no chip "la\bel ä"'$'\n'

# All or nothing.
gpioset -c "$mychip" 5=1 &
holder=$!
soon holder_there "$mychip" 5
# refuses TEXT ARG...: chrext board add b1 ARG... prints TEXT and leaves nothing.
refuses() {
	local want=$1
	shift
	exits 1 "add b1 ${*:1}" chrext board add b1 "$@"
	is "prints the reason" "$tap_output" "chrext: board b1: $want"$'\n'
	ok "and leaves nothing" no_boards
}
refuses 'line 2 of data, mychip:5, is in use by "gpioset"' c \
	data=mychip:0,mychip:1,mychip:5
kill $holder
wait $holder 2> /dev/null
refuses 'line 1 of port: there is no chip "none"' c port=led,none:1
refuses 'line 0 of port: there is no line "none"' c port=none
refuses 'line 0 of port: the chip mychip has no offset 8' c port=mychip:8
refuses 'port: the offset 65535 is too large' c port=mychip:65535
refuses 'line 1 of port, mychip:1, is listed twice' c port=mychip:1,mychip:1
refuses 'line 0 of reset, mychip:3, is listed twice' c port=mychip:3 reset=led
refuses 'compatible has 1 to 127 characters' '' port=led
refuses 'compatible has the character 0x20' 'a b' port=led
refuses 'compatible has the character 0xc3' ä port=led
refuses 'bad con_id "live": boards have an attribute of this name' c live=led
refuses 'port has more than 64 lines' c "port=$(printf 'mychip:%d,' {0..63})led"

# Two boards for a driver of one device.
chrext board add b1 chr-ext,port port=mychip:0
chrext board add b2 chr-ext,port port=mychip:1
ok "a driver of one device loads on two boards" chrext load "$port"
is "and prints which it did not take" "$tap_output" \
	'chrext: driver "bpf_port" is loaded, but not bound to all hardware: b2 is one more than instances (1) allows'$'\n'
chrext board rm b2
ok "a board that comes later" chrext board add b2 chr-ext,port port=mychip:1
is "prints the same" "$tap_output" \
	'chrext: board b2 was created, but bpf_port did not bind to it: b2 is one more than instances (1) allows'$'\n'
chrext unload bpf_port
ok "a driver of two" chrext load "$port" --set instances=2
is "takes both" "$tap_output" ""
is "and has two nodes" "$(chrext list | awk 'NR > 1 { print $2, $NF }' | tr '\n' ,)" \
	"bpf_port0 b1,bpf_port1 b2,"
is "of one line each" "$(cat /dev/bpf_port0 /dev/bpf_port1)" 00
pull mychip 1 1
is "its own" "$(cat /dev/bpf_port0 /dev/bpf_port1)" 01
pull mychip 1 -1
chrext unload bpf_port

# Stored boards.
exits 1 "save of no board" chrext board save none --dir $store
like "prints the reason" "$tap_output" "there is no board none"
chrext board rm b2
ok "save" chrext board save b1 --dir $store/deep/er
is "writes a file" "$(< $store/deep/er/b1.board)" \
"# A board of chr_ext, see chrext(8).
compatible=chr-ext,port
port=mychip:0"
is "and no other" "$(ls -A $store/deep/er)" b1.board
exits 1 "save where it cannot be" chrext board save b1 --dir /proc/boards
like "prints the place" "$tap_output" "cannot write /proc/boards/b1.board: No such file"
ok "restore of what is there" chrext board restore --dir $store/deep/er
is "prints nothing" "$tap_output" ""
chrext board rm b1
ok "restore of what is not" chrext board restore --dir $store/deep/er
is "makes it" "$(chrext board list | tail -n 1)" "  port[0]  mychip:0  -"
chrext board rm b1
mount -t tmpfs tmpfs /etc
ok "without stored boards" chrext board restore
mkdir -p /etc/chr_ext/boards.d
cp $store/deep/er/b1.board /etc/chr_ext/boards.d/a1.board
cp $store/deep/er/b1.board /etc/chr_ext/boards.d/a2.board~
ok "without --dir they are in /etc" chrext board restore
is "whatever ends in .board" "$(echo $boards/*)" $boards/a1
ok "save goes there" chrext board save a1
umount /etc
chrext board rm a1

# stored TEXT WANT: what restore prints for such a file.
stored() {
	printf '%b' "$1" > $store/bad.board
	exits 1 "a file of '$1'" chrext board restore --dir $store
	is "is refused" "$tap_output" "chrext: $store/bad.board:$2"$'\n'
}
stored '' '0: the file ends without a compatible'
stored '# nothing\n\n' '2: the file ends without a compatible'
stored 'compatible=c\n' '1: the file ends without lines'
stored 'port=led\n' '1: the file ends without a compatible'
stored 'compatible=\nport=led' '1: bad compatible "": it is empty'
stored 'compatible=a b\nport=led' '1: bad compatible "a b": only printable ASCII characters other than blank are allowed'
stored 'compatible=c\ncompatible=d\nport=led' '2: bad compatible "d": there is one already'
stored 'compatible=c\nport=led\n\nreset' '4: expected CON_ID=LINE[,LINE]...'
stored 'compatible=c\n port=led' '2: bad con_id " port": only printable ASCII characters other than blank, '"'/', '!' and '\\' are allowed"
stored 'compatible=c\r\nport=led' '1: bad compatible "c'$'\r''": only printable ASCII characters other than blank are allowed'
stored 'compatible=c\nport=led\r\n' '2: bad line "led'$'\r''": it has a control character'
stored 'compatible=c\nport=led\0\n' '2: it contains a NUL'
ok "and nothing comes of it" no_boards
printf 'compatible=c\n#\n\nport=led,mychip:1\nreset=mychip:4\nport=mychip:2' > $store/good.board
exits 1 "one bad file" chrext board restore --dir $store
text $boards/good/port/lines
is "does not keep a good one from being made" "$text" $'led\nmychip:1\nmychip:2'
chrext board rm good
rm $store/bad.board
printf 'compatible=c\nport=none\n' > $store/a.board
exits 1 "nor does a board that cannot be" chrext board restore --dir $store
is "with the reason" "$tap_output" 'chrext: board a: line 0 of port: there is no line "none"'$'\n'
is "a good one is made" "$(echo $boards/*)" $boards/good
chrext board rm good
mkdir $boards/good
exits 1 "a board that is only begun" chrext board restore --dir $store good
like "is not taken for one" "$tap_output" "board good exists, but is not live"
exits 1 "nor saved" chrext board save good --dir $store
like "for the same reason" "$tap_output" "board good is not live; only live boards are stored"
ok "but removed" chrext board rm good
exits 1 "a stored board that is not there" chrext board restore --dir $store c
like "is named" "$tap_output" "cannot read $store/c.board: No such file"
exits 1 "nor leads a name elsewhere" chrext board restore --dir $store ../good
like "as it is none" "$tap_output" "bad board name "

# Chips that come late.
printf 'compatible=c\nport=late:1\n' > $store/a.board
printf 'compatible=c\nport=late_line\n' > $store/b.board
start=$SECONDS
exits 1 "--wait ends" chrext board restore --wait 2 --dir $store a
is "with the kernel's words" "$tap_output" \
	'chrext: board a: line 0 of port: there is no chip "late"'$'\n'
ok "when it is over" test $((SECONDS - start)) -ge 2
is "reported once" "$(refusals | grep -c '"late"')" 1
chrext board restore --wait 60 --dir $store > /tmp/out 2>&1 &
waiter=$!
ok "a board whose chip is there does not wait for others" soon test -e $boards/good
fails "they wait" test -e $boards/a
chip_new late lines=2 names=,late_line
ok "until the chip is there" wait $waiter
is "without output" "$(< /tmp/out)" ""
is "all are made" "$(echo $boards/*)" "$boards/a $boards/b $boards/good"
chrext board rm a
chrext board rm b
chrext board rm good

# Without privilege, configfs or module.
unprivileged() {
	setpriv --reuid 1000 --regid 1000 --clear-groups --bounding-set -all \
		--inh-caps -all env "PATH=$PATH" "$@"
}
chrext board add b1 c port=led
exits 1 "a user makes no board" unprivileged chrext board add b2 c port=b
like "and prints the reason" "$tap_output" "board b2: cannot create .*: Permission denied: run chrext as root"
exits 1 "nor removes one" unprivileged chrext board rm b1
like "and prints the reason" "$tap_output" "cannot remove board b1: Permission denied: run chrext as root"
is "but sees them, if not the consumers of their lines" \
	"$(unprivileged chrext board list | tail -n 1)" "  port[0]  led  ?"
chrext board rm b1
umount /sys/kernel/config
exits 1 "without configfs there are no boards" chrext board list
like "the error has the command" "$tap_output" "configfs is not mounted at /sys/kernel/config, .*mount -t configfs configfs /sys/kernel/config"
like "doctor warns" "$(chrext doctor)" "warn  configfs: not mounted"
mount -t configfs configfs /sys/kernel/config
like "and then does not" "$(chrext doctor)" "ok    configfs: "
like "doctor has the GPIO kfuncs" "$(chrext doctor)" "ok    GPIO: "

ok "no board is left" no_boards
fails "nor anything of one on the bus" ls $bus/devices/chr_ext_board*
ok "the module is not used any more" soon unused

chip_unload
finish
