#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Runs inside the root, which is writable for this once: fetches kernels of the
# architecture $1 with their headers and lays them beside each other, those of
# another architecture in the sysroot at /arm64. Each argument is a suite (its
# meta package decides), the beginning of a version such as 6.12 (the newest
# package decides), or one of these with a flavour behind it, -rt (PREEMPT_RT) or
# -cloud; a flavour alone is that of the root's own suite. With --default first, the
# result becomes the default set. With --from MIRROR first, suites are looked for
# there, as the root's own sources do not have them. /lab/specs/SPEC has the release
# that was found.
#
# The packages are unpacked, not installed: image packages of different suites
# conflict over linux-base, and their scripts build an initramfs that is not needed.

set -euo pipefail

arch=$1
native=$(dpkg --print-architecture)
to=''
[ "$arch" = "$native" ] || to=/$arch
shift
default='' from=''
case ${1-} in
--default) default=y; shift ;;
--from) from=$2; shift 2 ;;
esac
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

# The release of the meta package of flavour $1 ("rt-", "cloud-" or nothing).
meta() {
	depends "${@:2}" "linux-image-$1$arch" | sed -n 's/^linux-image-\([0-9]\)/\1/p'
}

# The release (as uname -r prints it) that a suite or a version stands for.
release() {
	local spec=$1 flavour=''
	case $spec in
	rt | cloud | *-rt | *-cloud)
		flavour=${spec##*-}-
		spec=${spec%"${flavour%-}"}
		spec=${spec%-}
		;;
	esac
	case $spec in
	[0-9]*)
		apt-cache "${apt[@]}" pkgnames "linux-image-$spec" | sed "s/^linux-image-//" |
			grep -E "^${spec//./\\.}([.+].*)?\+deb[0-9]+-$flavour$arch\$" | sort -V |
			tail -n 1
		;;
	*-*)
		meta "$flavour" -t "$spec"
		;;
	*)
		# Not -t: that would prefer the suite to its security updates.
		meta "$flavour"
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
	version=${version%-cloud}
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
	(cd "$new"/debs && apt-get "${apt[@]}" download "${names[@]}" >&2)
	for deb in "$new"/debs/*.deb; do
		dpkg-deb -x "$deb" "$new"/root
	done
	# Debian 12 has them in /lib, which is /usr/lib.
	if [ -d "$new"/root/lib ]; then
		cp -al "$new"/root/lib/. "$new"/root/usr/lib/
		rm -r "$new"/root/lib
	fi
	ln -s usr/lib "$new"/root/lib
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
	# Debian 12 has an absolute link.
	ln -sfn "../../../src/linux-headers-$1" "$to/usr/lib/modules/$1/build"
	[ -z "$to" ] ||
		sed -i "s,^include /usr,include $to/usr," "$to/usr/src/linux-headers-$1/Makefile"
	for path in vmlinuz modules.dep build/Makefile build/vmlinux \
		build/tools/bpf/resolve_btfids/resolve_btfids; do
		[ -s "$to/usr/lib/modules/$1/$path" ] || die "the packages of $1 have no $path"
	done
	# Last, so that whatever stops this leaves no kernel that looks whole.
	: > "$to/lab/kernels/$1"
}

# The compiler of the kernel $1, if the root has none of that version and Debian has.
compiler() {
	local cc
	cc=$(sed -n 's/^CC = .*)\(gcc-[0-9]*\)$/\1/p' "$to/usr/src/linux-headers-$1/.kernelvariables")
	[ -z "$to" ] || cc=$cc-aarch64-linux-gnu
	if [ -n "$cc" ] && ! dpkg -s "$cc" > /dev/null 2>&1; then
		apt-get -q=2 -o APT::Sandbox::User=root update >&2
		DEBIAN_FRONTEND=noninteractive apt-get -q=2 -o APT::Sandbox::User=root \
			install --no-install-recommends "$cc" >&2 || echo "lab: there is no $cc" >&2
	fi
}

mkdir -p "$to/lab/kernels" "$to/lab/specs" "$to/usr/lib/modules" "$to/usr/src"
if [ -n "$from" ]; then
	echo "deb $from ${1%-rt} main" | sed 's/-cloud main/ main/' > /tmp/sources.list
	apt+=(-o Dir::Etc::sourcelist=/tmp/sources.list -o Dir::Etc::sourceparts=/dev/null)
fi
apt-get "${apt[@]}" update >&2
found=()
for spec; do
	v=$(release "$spec")
	[ -n "$v" ] || die "the archive has no kernel for $spec"
	[ -e "$to/lab/kernels/$v" ] || fetch "$v"
	[ -z "$from" ] || compiler "$v"
	echo "$v" > "$to/lab/specs/$spec"
	found+=("$v")
done
if [ -n "$default" ]; then
	printf '%s\n' "${found[@]}" | sort -uV > "$to/lab/default.new"
	mv "$to/lab/default.new" "$to/lab/default"
fi
