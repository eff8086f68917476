#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 120

. "$SRC/tests/suites/common.bash"

chrext load "$DRIVERS/echo.bpf.o"
fails "rmmod while a driver is attached" rmmod chr_ext
like "reports that it is in use" "$tap_output" "in use"
is "and does no harm" "$(call /dev/echo rw w:abc r:9)" "3 3:abc"
exec 5<> /dev/echo
chrext unload echo
fails "rmmod while a file of a detached driver is open" rmmod chr_ext
like "reports that it is in use" "$tap_output" "in use"
exec 5>&-
ok "after the close the module is unused" soon unused
exec 5< /sys/kernel/debug/chr_ext/echo
fails "rmmod while a log is read" rmmod chr_ext
exec 5<&-
ok "rmmod" rmmod chr_ext
is "leaves no debugfs, class, major" \
	"$(ls -d /sys/kernel/debug/chr_ext $class 2> /dev/null; grep chr_ext /proc/devices)" ""

for ((i = 1; i <= 50; i++)); do
	insmod "$MODULE" || break
	if ((i % 10 == 0)); then
		chrext load "$DRIVERS/hello.bpf.o" || break
		[ "$(call /dev/hello r r:9)" = 4:ebpf ] || break
		chrext unload hello || break
		soon unused || break
	fi
	rmmod chr_ext || break
done
is "insmod and rmmod 50 times, with a driver in each tenth" $i 51

# Without BTF registration would succeed in silence, and nothing ever load.
objcopy -R .BTF -R .BTF.base "$MODULE" /tmp/no_btf.ko
fails "a module without BTF refuses to load" insmod /tmp/no_btf.ko
like "and the log names what is needed" "$(dmesg | tail -n 5)" \
	"chr_ext: no usable BTF: .*CONFIG_DEBUG_INFO_BTF_MODULES"
is "it leaves no class and no major" \
	"$(ls -d $class 2> /dev/null; grep chr_ext /proc/devices)" ""

insmod "$MODULE"
finish
