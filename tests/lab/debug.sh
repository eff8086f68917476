#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Runs inside the root, which is writable for this once: builds a kernel from
# Debian's linux-source-6.12 that looks for mistakes, and what a module is built
# against, in $1 (/usr below it is laid over the root's). The rest are apt's own
# options.

set -euo pipefail

to=$1
shift
here=$(dirname "$0")
apt=(-q=2 -o APT::Sandbox::User=root -o Acquire::Languages=none "$@")
work=$to/work

rm -rf "$work"
mkdir -p "$work"
apt-get "${apt[@]}" update >&2
(cd "$work" && apt-get "${apt[@]}" download linux-source-6.12 >&2)
dpkg-deb -x "$work"/*.deb "$work"
tar -C "$work" -xf "$work"/usr/src/linux-source-*.tar.xz
cd "$work"/linux-source-*/

make -s tinyconfig > /dev/null
./scripts/kconfig/merge_config.sh -m .config "$here/debug.config" > /dev/null
make -s olddefconfig
# What a dependency took away again would not be looked for.
while read -r line; do
	[[ $line == CONFIG_*=[ym] ]] || continue
	grep -qx "$line" .config || echo "lab: the debug kernel lacks $line" >&2
done < "$here/debug.config"

make -s -j "$(nproc)" bzImage modules >&2
v=$(make -s kernelrelease)
modules=$to/usr/lib/modules/$v
make -s modules_install INSTALL_MOD_PATH="$to/usr" > /dev/null
cp arch/x86/boot/bzImage "$modules/vmlinuz"
rm -f "$modules/build" "$modules/source"
strip -g vmlinux
find . \( -name '*.o' -o -name '*.a' -o -name '*.cmd' \) -delete
rm -rf Documentation sound samples drivers/gpu drivers/net drivers/media .tmp_vmlinux*
mkdir -p "$to/usr/src"
mv "$PWD" "$to/usr/src/linux-$v"
ln -s "/usr/src/linux-$v" "$modules/build"
cd /
rm -rf "$work"
echo "$v" > "$to/release.new"
mv "$to/release.new" "$to/release"
