#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# machines: host
# timeout: 900
#
# The lines of README's "On your own machine", as they stand there, on a minimal
# Debian 13: up to the installation in a chroot, the rest in a guest that boots it.
# Then make uninstall.

. "$SRC/tests/lab/tap.sh"

lab=$SRC/tests/lab/lab
dir=$(mktemp -d "${TMPDIR:-/tmp}/minimal.XXXXXX") || exit
trap '"$lab" minimal-gone "$dir"' EXIT
kernel=$("$lab" kernels | head -n 1)

# machine COMMANDS: as root of that Debian, in the tree.
machine() {
	"$lab" minimal-enter "$dir" bash -ec "cd /usr/src/chr_ext; $1"
}

# files: what there is, but for caches, logs and the tree itself.
files() {
	machine 'find / -xdev \( -path /usr/src/chr_ext -o -path /tmp -o -path /var -o \
		-path /src -o -path /proc -o -path /dev -o -name "ld.so.cache" \) -prune -o \
		\( -type f -o -type l \) -print' | sort
}

lines=$(sed -n '/^## On your own machine/,/^## The/s/^    //p' "$SRC/README.md")
like "README has lines" "$lines" "^sudo apt-get install .*make && sudo make install.*clang "
before=${lines%%sudo modprobe*}
install=${before##*$'\n'make}
install=make$install
packages=${before%"$install"}
after=sudo\ modprobe${lines#*sudo modprobe}

ok "a minimal Debian" "$lab" minimal "$dir" "$kernel"
(cd "$SRC" && git -c safe.directory="$SRC" ls-files -z -co --exclude-standard |
	tar -c --null -T - --ignore-failed-read) 2> /dev/null > "$LOG/tree.tar"
ok "the tree in it" "$lab" minimal-enter "$dir" sh -ec "mkdir -p /usr/src/chr_ext
	tar -xf '/src/${LOG#"$SRC"/}/tree.tar' -C /usr/src/chr_ext --no-same-owner"
rm -f "$LOG/tree.tar"
ok "packages" machine "sudo apt-get update; $packages"
files > "$LOG/before"
ok "make and make install" machine "$install"
ok "which installs something" test "$(files | comm -13 "$LOG/before" - | wc -l)" -gt 20

# README's own driver is the rest's.
{
	echo "set -ex"
	echo "export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin"
	echo "cd /tmp"
	printf 'cat > answer.bpf.c << "END"\n%s\nEND\n' \
		"$(sed -n '/^```c$/,/^```$/p' "$SRC/README.md" | sed '/^```/d')"
	echo "$after"
	echo 'sudo chrext load answer.bpf.o'
	echo 'test "$(cat /dev/answer)" = 42'
	echo 'test -c /dev/hello'
} > "$LOG/after.sh"
ok "modprobe, doctor, load, a driver of one's own" "$lab" run --kernel "$kernel" \
	--timeout 300 --root "$dir" --log "$LOG/guest" "$LOG/after.sh"

ok "make uninstall" machine "sudo make uninstall"
is "leaves nothing" "$(files | comm -13 "$LOG/before" -)" ""
is "and takes nothing" "$(files | comm -23 "$LOG/before" -)" ""
done_testing
