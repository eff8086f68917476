#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Runs inside the root, which is writable for this once: fetches kernels of the
# architecture $1 with their headers and lays them beside each other, those of
# another architecture in the sysroot at /arm64. Each argument is a suite (its
# meta package decides), the beginning of a version such as 6.12 (the newest
# package decides), or one of these with -rt behind it, for Debian's flavour with
# PREEMPT_RT; rt alone is that of the root's own suite. With --default first, the
# result becomes the default set.
#
# The packages are unpacked, not installed: image packages of different suites
# conflict over linux-base, and their scripts build an initramfs that is not needed.

set -euo pipefail

arch=$1
native=$(dpkg --print-architecture)
to=''
[ "$arch" = "$native" ] || to=/$arch
shift
default=
if [ "${1-}" = --default ]; then
	default=y
	shift
fi
# apt's own options, one "-o" "Name=value" pair after another, end at "--".
apt=(-q=2 -o APT::Sandbox::User=root -o Acquire::Languages=none)
[ -z "$to" ] || apt+=(-o "APT::Architecture=$arch"
	-o "APT::Architectures::=$arch" -o "APT::Architectures::=$native")
while [ "$1" != -- ]; do
	apt+=("$1")
	shift
done
shift

die() {
	echo "lab: $*" >&2
	exit 1
}

depends() {
	apt-cache "${apt[@]}" show --no-all-versions "$@" | sed -n 's/^Depends: //p' |
		tr ',' '\n' | sed 's/^ *//; s/ .*//'
}

# The release of the meta package of flavour $1 ("rt-" or nothing).
meta() {
	depends "${@:2}" "linux-image-$1$arch" | sed -n 's/^linux-image-\([0-9]\)/\1/p'
}

# The release (as uname -r prints it) that a suite or a version stands for.
release() {
	local spec=$1 rt=''
	case $spec in
	rt | *-rt)
		rt=rt-
		spec=${spec%rt}
		spec=${spec%-}
		;;
	esac
	case $spec in
	[0-9]*)
		apt-cache "${apt[@]}" pkgnames "linux-image-$spec" | sed "s/^linux-image-//" |
			grep -E "^${spec//./\\.}([.+].*)?\+deb[0-9]+-$rt$arch\$" | sort -V |
			tail -n 1
		;;
	*-*)
		meta "$rt" -t "$spec"
		;;
	*)
		# Not -t: that would prefer the suite to its security updates.
		meta "$rt"
		;;
	esac
}

# Every package of one release: what image and headers depend on by that
# version, so that a split of the packages needs no change here.
packages() {
	local todo=("linux-image-$1" "linux-headers-$1") seen=" " version=$1 p
	version=${version%-"$arch"}
	# Kbuild and common headers are shared by the flavours.
	version=${version%-rt}
	while [ ${#todo[@]} -gt 0 ]; do
		p=${todo[0]}
		todo=("${todo[@]:1}")
		[[ $seen == *" $p "* ]] && continue
		seen+="$p "
		# Its programs run where modules are built.
		[[ $p != linux-kbuild-* ]] || p+=:$native
		echo "$p"
		while read -r p; do
			[[ $p == linux-*-"$version"* ]] && todo+=("$p")
		done < <(depends "$p")
	done
}

fetch() {
	local new=$to/lab/new names deb
	mapfile -t names < <(packages "$1")
	rm -rf "$new"
	mkdir -p "$new"/debs "$new"/root/usr/lib "$new"/root/boot
	# Debian's own layout; without the link dpkg -x makes a real /lib.
	ln -s usr/lib "$new"/root/lib
	(cd "$new"/debs && apt-get "${apt[@]}" download "${names[@]}" >&2)
	for deb in "$new"/debs/*.deb; do
		dpkg-deb -x "$deb" "$new"/root
	done
	[ -e "$new/root/boot/vmlinuz-$1" ] &&
		mv "$new/root/boot/vmlinuz-$1" "$new/root/usr/lib/modules/$1/vmlinuz"
	depmod -b "$new"/root "$1"

	# The kernel for a guest, the rest for builds; device trees are of arm64.
	local path
	for path in "$new/root/usr/lib/modules/$1" "$new"/root/usr/src/* \
		"$new"/root/usr/lib/linux-*; do
		rm -rf "$to${path#"$new/root"}"
		mv "$path" "$to${path#"$new/root"}"
	done
	rm -rf "$new"
	[ -z "$to" ] ||
		sed -i "s,^include /usr,include $to/usr," "$to/usr/src/linux-headers-$1/Makefile"
	for path in vmlinuz modules.dep build/Makefile build/vmlinux \
		build/tools/bpf/resolve_btfids/resolve_btfids; do
		[ -s "$to/usr/lib/modules/$1/$path" ] || die "the packages of $1 have no $path"
	done
	# Last, so that whatever stops this leaves no kernel that looks whole.
	: > "$to/lab/kernels/$1"
}

mkdir -p "$to/lab/kernels" "$to/usr/lib/modules" "$to/usr/src"
apt-get "${apt[@]}" update >&2
found=()
for spec; do
	v=$(release "$spec")
	[ -n "$v" ] || die "the archive has no kernel for $spec"
	[ -e "$to/lab/kernels/$v" ] || fetch "$v"
	found+=("$v")
done
if [ -n "$default" ]; then
	printf '%s\n' "${found[@]}" | sort -uV > "$to/lab/default.new"
	mv "$to/lab/default.new" "$to/lab/default"
fi
