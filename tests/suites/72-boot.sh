#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 300
#
# Drivers and boards as files: chrext enable, disable, start, stop and apply, and
# several versions of a driver. The units of systemd, without systemd.

. "$SRC/tests/suites/chip.bash"

# The guest's own cannot be written.
cp -a /etc /tmp/etc
mount --bind /tmp/etc /etc
etc=/etc/chr_ext
hello=$DRIVERS/hello.bpf.o
pair=$TESTDRIVERS/pair.bpf.o

# reads NODE: what a node of hello gives.
reads() {
	call "/dev/$1" r r:9
}

# map DRIVER: its map in the kernel.
map() {
	chrext show "$1" --json | jq .map_id
}

# revoked FD: a read fails.
revoked() {
	! head -c 4 <&"$1" > /dev/null 2>&1
}

# said WANT DESC CMD...: success, with WANT as all output.
said() {
	local want=$1 desc=$2
	shift 2
	exits 0 "$desc" "$@"
	is "prints what it did" "${tap_output%$'\n'}" "$want"
}

# Enable.
exits 0 "enable" chrext enable "$hello" --set mode=0640 --set last_len=7
is "prints nothing" "$tap_output" ""
is "is a file" "$(grep -v '^#' $etc/drivers.d/hello.conf)" \
	"object=$hello"$'\n'"mode=0640"$'\n'"last_len=7"
fails "and loads nothing" test -e /dev/hello
is "and no other file" "$(ls -A $etc/drivers.d)" hello.conf
said "driver hello: to be loaded" "apply --dry-run" chrext apply --dry-run
fails "loads nothing" test -e /dev/hello
fails "and keeps no record" test -e /run/chr_ext
said "driver hello: loaded" "apply" chrext apply
is "the driver works" "$(reads hello)" 4:ebpf
is "with its values" "$(stat -c %a /dev/hello)" 640
is "it is pinned" "$(chrext show hello --json | jq -r .pinned)" $pins/hello/link
before=$(map hello)
said "" "apply again" chrext apply
said "" "apply --dry-run" chrext apply --dry-run
is "changes nothing" "$(map hello)" "$before"

# Changes: replaced where that can be.
exec 5<> /dev/hello
chrext enable "$hello" --set mode=0640 --set last_len=9
said "driver hello: to be replaced" "apply --dry-run sees other values" chrext apply --dry-run
said "driver hello: replaced" "apply" chrext apply
fails "is another map" test "$(map hello)" = "$before"
is "under an open file" "$(head -c 4 <&5)" ebpf
chrext enable "$hello" --set mode=0600
said "driver hello: unloaded and loaded again" "a mode cannot be replaced" chrext apply
is "there it is" "$(stat -c %a /dev/hello)" 600
ok "the open file was revoked" revoked 5
exec 5>&-
before=$(map hello)
chrext replace "$hello" --set mode=0600
said "driver hello: replaced" "what was replaced by other means is put right" chrext apply
chrext unload hello
said "driver hello: loaded" "and what was unloaded" chrext apply

# A driver that was loaded by hand.
chrext load "$hello" --name other
said "" "a driver without a file" chrext apply
ok "is left alone" test -c /dev/other
chrext unload other

# Broken files fail for themselves.
cp "$hello" /tmp/hello.bpf.o
chrext enable /tmp/hello.bpf.o --name gone
rm /tmp/hello.bpf.o
head -c 3000 "$hello" > /tmp/garbage.bpf.o
echo "object=/tmp/garbage.bpf.o" > $etc/drivers.d/garbage.conf
echo "object=$REJECT/beyond.bpf.o" > $etc/drivers.d/beyond.conf
printf 'object=%s\nnothing=1\n' "$hello" > $etc/drivers.d/value.conf
printf 'nonsense\n' > $etc/drivers.d/line.conf
printf 'mode=0600\n' > $etc/drivers.d/none.conf
printf 'object=hello.bpf.o\n' > $etc/drivers.d/relative.conf
printf 'object=/a\nobject=/b\n' > $etc/drivers.d/twice.conf
printf 'object=%s\nname=zz\0\n' "$hello" > $etc/drivers.d/nul.conf
mkfifo $etc/drivers.d/fifo.conf
ln -s /dev/zero $etc/drivers.d/zero.conf
mkdir $etc/drivers.d/dir.conf
: > "$etc/drivers.d/no name.conf"
: > "$etc/drivers.d/.conf"
echo ignored > $etc/drivers.d/hello.conf~
chrext enable "$hello" --name last
exits 1 "with broken files, apply fails" timeout 60 chrext apply
for line in "cannot open /tmp/hello.bpf.o: No such file" "/tmp/garbage.bpf.o is an ELF file, but truncated" \
	"the verifier rejected wrong_read" "has no global variable .nothing." \
	"line.conf:1: expected object=FILE" "none.conf:1: the file ends without an object" \
	'relative.conf:1: bad object "hello.bpf.o": expected an absolute path' \
	"twice.conf:2: there is an object already" "nul.conf:2: it contains a NUL" \
	"cannot read $etc/drivers.d/fifo.conf: it is not a regular file" \
	"zero.conf: it is not a regular file" "dir.conf: it is not a regular file" \
	'no name.conf: bad name "no name": only letters' '/.conf: bad name "": it is empty'; do
	like "one line: $line" "$tap_output" "chrext: [^"$'\n'"]*$line"
done
is "each once" "$(grep -c '^chrext: ' <<< "$tap_output")" 14
is "the others are loaded" "$(grep '^driver' <<< "$tap_output")" "driver last: loaded"
is "and what ran still runs" "$(reads hello)" 4:ebpf
exits 1 "start of a broken one fails" chrext start garbage
is "with its own reason only" "${tap_output%$'\n'}" \
	"chrext: /tmp/garbage.bpf.o is an ELF file, but truncated or damaged"
exits 0 "start of a good one is not disturbed" chrext start hello
rm -r $etc/drivers.d/{garbage,beyond,value,line,none,relative,twice,nul,fifo,zero,dir,gone,no\ name,}.conf
said "" "without them, all is well" chrext apply

# A file that breaks later leaves its driver alone.
cp $etc/drivers.d/hello.conf /tmp/good.conf
echo nonsense >> $etc/drivers.d/hello.conf
exits 1 "a file that breaks" chrext apply
is "does not unload its driver" "$(reads hello)" 4:ebpf
printf 'object=%s\nname=hello\n' "$REJECT/beyond.bpf.o" > $etc/drivers.d/hello.conf
exits 1 "an object that the verifier rejects" chrext apply
is "does not either" "$(reads hello)" 4:ebpf
cp /tmp/good.conf $etc/drivers.d/hello.conf

# Two owners.
cp /tmp/good.conf $etc/drivers.d/second.conf
exits 1 "two files with one driver" chrext apply
like "are named" "$tap_output" 'hello.conf: the driver "hello" is in second.conf too'
like "both" "$tap_output" 'second.conf: the driver "hello" is in hello.conf too'
is "and nothing is done" "$(grep -c '^driver' <<< "$tap_output")" 0
exits 1 "nor by start" chrext start hello
rm $etc/drivers.d/second.conf
exits 1 "enable refuses a second owner" chrext enable "$pair" --set pair_a.name=hello
like "and names the first" "$tap_output" "the driver \"hello\" is enabled already, by $etc/drivers.d/hello.conf"

# A file that goes, and one that is called otherwise.
rm $etc/drivers.d/last.conf
said "driver last: to be unloaded" "a file that is gone" chrext apply --dry-run
said "driver last: unloaded" "unloads its driver" chrext apply
fails "which has no node" test -e /dev/last
said "" "once" chrext apply
before=$(map hello)
mv $etc/drivers.d/hello.conf $etc/drivers.d/renamed.conf
said "driver hello: replaced" "a file that has another name" chrext apply
mv $etc/drivers.d/renamed.conf $etc/drivers.d/hello.conf
chrext apply > /dev/null

# Several drivers in an object.
ok "two drivers in a file" chrext enable "$pair"
is "have the file's name" "$(ls $etc/drivers.d)" $'hello.conf\nhello.conf~\npair.conf'
said $'driver pair_a: loaded\ndriver pair_b: loaded' "apply" chrext apply
chrext unload pair_a
said $'driver pair_a: unloaded and loaded again\ndriver pair_b: unloaded and loaded again' \
	"one that is gone" chrext apply
exits 0 "stop" chrext stop pair
fails "unloads both" test -e /dev/pair_a -o -e /dev/pair_b
exits 0 "stop twice" chrext stop pair
exits 0 "start" chrext start pair
ok "loads both" test -c /dev/pair_a -a -c /dev/pair_b
exits 0 "disable --now" chrext disable pair --now
fails "unloads both" test -e /dev/pair_a -o -e /dev/pair_b
fails "and the file is gone" test -e $etc/drivers.d/pair.conf
exits 1 "disable of what is not enabled" chrext disable pair
like "is an error" "$tap_output" '"pair" is not enabled: there is no /etc/chr_ext/drivers.d/pair.conf'
exits 1 "start of it too" chrext start pair
for verb in disable start stop; do
	exits 1 "$verb ../x" chrext $verb ../x
	like "is no name" "$tap_output" 'bad name "../x": only letters'
done
exits 1 "enable of no file" chrext enable /nowhere.bpf.o
exits 1 "enable of a directory" chrext enable /tmp
exits 1 "enable with a name that cannot be" chrext enable "$hello" --name 'a b'
exits 1 "enable with an unknown variable" chrext enable "$hello" --set nothing=1
exits 1 "enable with a newline" chrext enable "$hello" --set last_write=$'a\nb'
like "with the reason" "$tap_output" "a newline cannot be stored"
is "none of them left a file" "$(ls $etc/drivers.d)" $'hello.conf\nhello.conf~'

# Where it cannot be written.
mkdir -p /tmp/full
mount -t tmpfs -o size=4k none /tmp/full
mkdir /tmp/full/drivers.d 2> /dev/null
head -c 8192 /dev/zero > /tmp/full/fill 2> /dev/null
exits 1 "enable on a full disk" chrext enable "$hello" --dir /tmp/full
like "has the reason" "$tap_output" "cannot write /tmp/full/drivers.d/hello.conf: No space left"
mount -o remount,ro /tmp/full
exits 1 "enable where nothing can be written" chrext enable "$hello" --dir /tmp/full
like "has the reason" "$tap_output" "cannot write /tmp/full/drivers.d/hello.conf: Read-only.*use --dir"
umount /tmp/full
exits 1 "as another user" setpriv --reuid 1000 --regid 1000 --clear-groups --bounding-set -all \
	--inh-caps -all env "PATH=$PATH" chrext enable "$hello" --name mine
like "has the reason" "$tap_output" "Permission denied: run chrext as root"
exits 1 "apply of no directory" chrext apply /nowhere
like "has the reason" "$tap_output" "cannot read /nowhere: No such file"
exits 0 "apply of an empty one" chrext apply /tmp/full
is "does not touch what other files own" "$(reads hello)" 4:ebpf
exits 0 "disable" chrext disable hello
is "leaves it running" "$(reads hello)" 4:ebpf
exits 0 "stop needs no file" chrext stop hello
fails "to unload it" test -e /dev/hello
ok "enable --now, without systemd" chrext enable "$hello" --now
is "loads it" "$(reads hello)" 4:ebpf
chrext disable hello --now

# Boards.
chip_new mychip lines=8
mkdir -p $etc/boards.d
printf 'compatible=chr-ext,port\nport=mychip:1/pull-up/active-low\n' > $etc/boards.d/b1.board
ok "a driver for hardware that is not there" chrext enable "$DRIVERS/port.bpf.o"
mv $etc/boards.d /tmp/boards.d
said "driver bpf_port: loaded" "waits for it" chrext apply
mv /tmp/boards.d $etc/boards.d
said "board b1: to be made" "a board" chrext apply --dry-run
said "board b1: made" "is made" chrext apply
ok "and there it is" soon test -c /dev/bpf_port
said "" "which is equal" chrext apply
printf 'compatible=chr-ext,port\nport=mychip:2\n' > $etc/boards.d/b1.board
said "board b1: made again" "a board that is changed" chrext apply
is "has the other line" "$(cat $boards/b1/port/lines)" mychip:2
printf 'compatible=x\nled=none:1\n' > $etc/boards.d/b2.board
printf 'nonsense\n' > $etc/boards.d/b3.board
exits 1 "boards that cannot be" chrext apply
like "have their reasons" "$tap_output" "b3.board:1: expected"
ok "and b1 is left" test -d $boards/b1
rm $etc/boards.d/b[123].board
chrext board add hand chr-ext,port port=mychip:5
said "board b1: removed" "a board whose file is gone" chrext apply
is "others are left" "$(ls $boards)" hand
chrext board rm hand
chrext disable bpf_port --now
chip_unload

# Versions: the highest that fits.
mkdir /tmp/versions
cp "$hello" /tmp/versions/0010-hello.bpf.o
cp "$REJECT/needs_future.bpf.o" /tmp/versions/0030-hello.bpf.o
cp "$hello" /tmp/versions/0020-hello.bpf.o
cp "$REJECT/beyond.bpf.o" /tmp/versions/0025-hello.bpf.o
: > /tmp/versions/0040-other.bpf.o
exits 0 "of four versions, one fits" chrext -v load /tmp/versions/hello.bpf.o
like "the first calls what is not there" "$tap_output" \
	"skipped /tmp/versions/0030-hello.bpf.o: .*calls chr_ext_future"
like "the next is rejected" "$tap_output" \
	"skipped /tmp/versions/0025-hello.bpf.o: the verifier rejected"
like "the next is taken" "$tap_output" "took /tmp/versions/0020-hello.bpf.o, the highest version that fits"
is "and works" "$(reads hello)" 4:ebpf
chrext unload hello
(cd /tmp/versions && exec chrext load hello.bpf.o)
is "also in the directory itself" "$(reads hello)" 4:ebpf
chrext unload hello
rm /tmp/versions/00[12]0-*
exits 1 "if none fits" chrext load /tmp/versions/hello.bpf.o
like "the highest has the reason" "$tap_output" "0030-hello.bpf.o calls chr_ext_future"
exits 1 "if there is none" chrext load /tmp/versions/none.bpf.o
like "the name is that which was given" "$tap_output" "cannot open /tmp/versions/none.bpf.o"

# systemctl, where systemd runs.
mkdir -p /run/systemd/system /tmp/bin
printf '#!/bin/sh\necho "$*" >> /tmp/calls\nexit $(cat /tmp/status)\n' > /tmp/bin/systemctl
chmod +x /tmp/bin/systemctl
echo 0 > /tmp/status
with() {
	PATH=/tmp/bin:$PATH "$@"
}
exits 0 "enable --now" with chrext enable "$hello" --now
exits 0 "disable --now" with chrext disable hello --now
is "calls systemctl" "$(cat /tmp/calls)" "--quiet enable chr-ext@hello.service
--quiet reload-or-restart chr-ext@hello.service
--quiet stop chr-ext@hello.service
--quiet disable chr-ext@hello.service"
echo 1 > /tmp/status
exits 1 "a failure of systemctl" with chrext enable "$hello"
like "is an error" "$tap_output" "'systemctl enable chr-ext@hello.service' failed; see 'systemctl status"
rmdir /run/systemd/system
rm $etc/drivers.d/hello.conf

# The units, as they are installed.
mkdir /tmp/units
for unit in chr_ext-boards.service chr-ext@.service; do
	sed "s,/usr/local/bin/chrext,$(command -v chrext)," "$SRC/user/$unit" > "/tmp/units/$unit"
done
cp "/tmp/units/chr-ext@.service" "/tmp/units/chr-ext@hello.service"
if command -v systemd-analyze > /dev/null; then
	exits 0 "the units are good" systemd-analyze verify --man=no /tmp/units/chr_ext-boards.service \
		/tmp/units/chr-ext@hello.service
	is "and nothing is said of them" "$(grep chr <<< "$tap_output")" ""
fi
umount /etc

finish
