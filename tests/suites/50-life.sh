#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 120
# smp: threads

. "$SRC/tests/suites/common.bash"

# ops_run NAME: the ops of its life that the driver logged, in order.
ops_run() {
	chrext log "$1" --no-follow 2> /dev/null |
		sed -n 's/.*\] \([^ :]*\): \(probe\|remove\|open\|close\)/\2/p' |
		tr '\n' ,
}

subject=$TESTDRIVERS/subject.bpf.o

fails "a probe that fails for instance 3 of 4" \
	chrext load "$subject" --name four --set instances=4 --set probe_fails_at=3
is "prints the reason and the driver's log" "$tap_output" \
	$'chrext: driver "four" was refused: probe of four3 failed: -EIO: "probe 3"\n'
is "is unwound: remove for those that were probed, in any order" \
	"$(ops_run four | tr , '\n' | sort | xargs)" \
	"probe 0 probe 1 probe 2 probe 3 remove 0 remove 1 remove 2"
is "no node is left" "$(echo /dev/four*)" "/dev/four*"
ok "nor anything else" nothing_left
fails "a probe that fails for the first" \
	chrext load "$subject" --name first --set instances=4 --set probe_fails_at=0
is "has nothing to unwind" "$(ops_run first)" "probe 0,"
for err in -12:-ENOMEM -16:-EBUSY -19:-ENODEV -517:; do
	fails "a probe that gives ${err%:*}" chrext load "$subject" --name err \
		--set probe_fails_at=0 --set "probe_ret=${err%:*}"
done

# Open and close.
chrext load "$subject" --name files
call /dev/files r > /dev/null
call /dev/files rw r:1 w:x > /dev/null
is "one close for each open" "$(ops_run files | sed 's/[0-9][0-9]*//g')" \
	"probe ,open ,close ,open ,close ,"
exec 5< /dev/files 6<&5
(true) <&5
exec 5<&-
is "a file that is still open, by dup or by a child, has none" \
	"$(ops_run files | tr , '\n' | grep -c close)" 2
exec 6<&-
is "until the last is closed" "$(ops_run files | tr , '\n' | grep -c close)" 3
exec 5< /dev/files 6< /dev/files
chrext unload files
like "a detach closes what is open, then removes" "$(ops_run files)" \
	"open ([0-9]+),open ([0-9]+),close [0-9]+,close [0-9]+,remove 0,$"
exec 5<&- 6<&-
is "and there is no other close afterwards" \
	"$(ops_run files | tr , '\n' | grep -c close)" 5
is "each open had its own" "$(ops_run files | tr , '\n' | grep open | cut -d' ' -f2 | sort)" \
	"$(ops_run files | tr , '\n' | grep close | cut -d' ' -f2 | sort)"

# One device unbound, by hand.
chrext load "$DRIVERS/hello.bpf.o" --name bind --set instances=3
exec 5< /dev/bind1
echo chr_ext.bind.1 > $drivers/chr_ext.bind/unbind
is "a device that is unbound is gone" "$(echo /dev/bind*)" "/dev/bind0 /dev/bind2"
IFS= read -r -n 1 -u 5 2> /tmp/why
like "an open file of it gives ENODEV" "$(cat /tmp/why)" "No such device"
is "the others work" "$(call /dev/bind0 r r:9) $(call /dev/bind2 r r:9)" "4:ebpf 4:ebpf"
echo chr_ext.bind.1 > $drivers/chr_ext.bind/bind
ok "bound again it is back" test -c /dev/bind1
is "and works" "$(call /dev/bind1 r r:9)" 4:ebpf
IFS= read -r -n 1 -u 5 2> /tmp/why
like "the old file stays dead" "$(cat /tmp/why)" "No such device"
echo chr_ext.bind.0 > $drivers/chr_ext.bind/unbind
ok "a driver of which a device is unbound" chrext unload bind
is "goes with the rest" "$(echo /dev/bind*)" "/dev/bind*"
exec 5<&-

chrext load "$subject" --name rebind --set instances=2
echo chr_ext.rebind.1 > $drivers/chr_ext.rebind/unbind
echo chr_ext.rebind.1 > $drivers/chr_ext.rebind/bind
chrext unload rebind
like "unbind is a remove, bind is a probe" "$(ops_run rebind)" \
	"^probe 0,probe 1,remove 1,probe 1,remove [01],remove [01],$"

# A reload while old files are open.
chrext load "$DRIVERS/echo.bpf.o"
exec 5<> /dev/echo
printf old >&5
chrext unload echo
chrext load "$DRIVERS/echo.bpf.o"
is "a new driver of the name works while an old file is open" \
	"$(call /dev/echo rw w:new r:9)" "3 3:new"
{ head -c 1 <&5; } 2> /tmp/why
like "which is dead" "$(cat /tmp/why)" "No such device"
exec 5>&-
is "closing it does the new one no harm" "$(call /dev/echo rw w:new r:9)" "3 3:new"
chrext unload echo

finish
