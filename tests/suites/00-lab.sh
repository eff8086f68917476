#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 60
# guest: own

# shellcheck source=/dev/null
. "$SRC/tests/lab/tap.sh"

is "the kernel is the one asked for" "$(uname -r)" "$LAB_KERNEL"
is "the kernel is untainted" "$(cat /proc/sys/kernel/tainted)" 0
fails "the root is read-only" touch /etc/lab
fails "the repository is read-only" touch /src/lab
ok "there is room in /tmp" dd if=/dev/zero of=/tmp/room bs=1M count=16 status=none
ok "the kernel has BTF" test -s /sys/kernel/btf/vmlinux
for dir in /sys/fs/bpf /sys/kernel/debug /sys/kernel/tracing /sys/kernel/config /run; do
	ok "$dir is mounted" mountpoint -q "$dir"
done
ok "modules of this kernel load" modprobe virtio-rng
ok "bpf(2) answers" bpftool prog list

done_testing
