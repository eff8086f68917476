#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 120
# guest: own

. "$SRC/tests/suites/common.bash"

hello=$DRIVERS/hello.bpf.o

# Without the module.
rmmod chr_ext
fails "without the module nothing loads" chrext load "$hello"
like "and the error has the command" "$tap_output" "not loaded: run 'modprobe chr_ext'"
fails "list does not take it for no driver" chrext list
like "and has the reason" "$tap_output" "^chrext: the chr_ext module is not loaded"
is "list --json is JSON nevertheless" "$(chrext list --json 2> /dev/null | jq -c .)" "[]"
fails "doctor fails too" chrext doctor
like "and names the module" "$tap_output" "FAIL  chr_ext module"
ok "and modprobe mends it" modprobe chr_ext
ok "with the module doctor is content" chrext doctor
like "has the module's version" "$tap_output" "ok    chr_ext module: $(< /sys/module/chr_ext/version)"
like "its ABI" "$tap_output" "ok    ABI: $(< $class/abi)"
like "and its families" "$tap_output" "ok    families: $(< $class/families)"
is "as JSON too" "$(chrext doctor --json | jq '[.[] | select(.result == "FAIL")] | length')" 0

# Without bpffs.
umount /sys/fs/bpf
fails "without bpffs nothing is kept" chrext load "$hello"
like "and the error has the command" "$tap_output" "mount -t bpf bpf /sys/fs/bpf"
fails "there is no node" test -e /dev/hello
chrext load "$hello" --foreground &
loader=$!
ok "in the foreground it loads" soon test -c /dev/hello
kill -INT $loader
ok "and SIGINT is a good end" wait $loader
fails "with which the node goes" test -e /dev/hello
mount -t bpf bpf /sys/fs/bpf
ok "bpffs is back" chrext load "$hello"
chrext unload hello

# Without privilege.
unprivileged() {
	setpriv --reuid 1000 --regid 1000 --clear-groups --bounding-set -all \
		--inh-caps -all env "PATH=$PATH" "$@"
}
fails "without privilege nothing loads" unprivileged chrext load "$hello"
like "and the error names the capability" "$tap_output" "needs CAP_SYS_ADMIN"
chrext load "$hello"
fails "nor is it unloaded" unprivileged chrext unload hello
ok "the driver is still there" test -c /dev/hello
is "which a user may use" "$(unprivileged "$PROGS/call" /dev/hello r r:9)" 4:ebpf
ok "list works without privilege" unprivileged chrext list
like "and has it" "$tap_output" "hello"
chrext unload hello
chrext load "$TESTDRIVERS/subject.bpf.o"
is "another user cannot open a node of mode 0640" \
	"$(unprivileged "$PROGS/call" /dev/subject r)" open:EACCES
chrext unload subject
fails "root without CAP_BPF and CAP_SYS_ADMIN" setpriv --bounding-set \
	-sys_admin,-bpf,-perfmon --inh-caps -all chrext load "$hello"
like "gets the same error" "$tap_output" "needs CAP_SYS_ADMIN"
is "what was loaded by others cannot be attached without CAP_SYS_ADMIN" \
	"$("$PROGS/lowly" "$hello")" EPERM
like "and the module logs it" "$(refusals | tail -n 1)" \
	"hello: refused: attaching a driver needs CAP_SYS_ADMIN"

# Last, as there is no way back: a kernel that is locked down.
mountpoint -q /sys/kernel/security || mount -t securityfs none /sys/kernel/security
echo confidentiality > /sys/kernel/security/lockdown
like "the kernel is locked down" "$(cat /sys/kernel/security/lockdown)" '\[confidentiality\]'
ok "a driver loads on a locked kernel" chrext load "$hello"
is "and works" "$(call /dev/hello r r:9)" 4:ebpf
chrext unload hello
fails "a driver that reads the kernel's memory does not" \
	chrext load "$TESTDRIVERS/probe_read.bpf.o"
like "and chrext prints the reason" "$tap_output" "probe_read_kernel|lockdown"
fails "there is no node" test -e /dev/probe_read
like "doctor mentions it" "$(chrext doctor)" "lockdown: confidentiality"

finish
