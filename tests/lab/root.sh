# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034,SC2154
#
# The cached roots: a Debian with compilers and kernels that both the builds and
# the amd64 guests use, and one that the arm64 guests use and programs for them
# are linked against. Sourced by lab; root_ready sets $root, sysroot_ready sets
# $sysroot. In $caches/lab-amd64 and $caches/lab-arm64:
#
#   root-HASH/     a complete root; HASH is of what it is made from, so that
#                  trees with other needs do not take it away
#     lab/default  the kernels that "all" means
#     lab/kernels/ an empty file for each kernel that is complete
#     lab/used     locked by each process that uses the root
#     lab/cpio     of arm64: the programs for a guest that can mount nothing
#   debug-HASH/    the kernel that looks for mistakes, see debug.sh; HASH is of
#                  its recipe
#   checked-HASH   its time is when the archive was asked for new kernels
#   new-HASH/      a root in the making, or what was left of it
#   lock           held by the process that builds
#   root           link to the root used last, for people

suite=${SUITE:-trixie}
# The kernels that "all" means: see kernels.sh for what may stand here.
read -ra kernel_specs <<< "${LAB_KERNELS:-$suite $suite-backports}"
# What every guest finds, and what its programs are linked against. (stress-ng
# and fio would bring 300 MB of LLVM and Ceph.)
guest_packages=(
	bash coreutils findutils grep sed mawk procps util-linux util-linux-extra
	kmod iproute2 busybox-static libcap2-bin xz-utils jq perl-base python3-minimal
	strace gpiod bpftool udev
	libc6-dev libbpf-dev libelf-dev zlib1g-dev liburing-dev libjansson-dev
	libgpiod-dev libtracefs-dev libtraceevent-dev
)
root_packages=(
	"${guest_packages[@]}" stress-ng fio device-tree-compiler
	gcc gcc-aarch64-linux-gnu make bc bison flex pkg-config pahole clang-19
	libssl-dev sparse mandoc shellcheck sigrok-cli
	qemu-system-x86 qemu-system-arm
	build-essential clang debhelper dh-dkms e2fsprogs lintian
)
# With what every Debian has and "extract" does not add by itself.
sysroot_packages=(
	"${guest_packages[@]}" base-files bsdutils dash debianutils diffutils gzip
	hostname libc-bin mount tar
)
caches=${XDG_CACHE_HOME:-$HOME/.cache}/chr_ext
cache=$caches/lab-amd64

report() {
	echo "lab: $*" >&2
}

die() {
	report "$*"
	exit 1
}

# Runs COMMAND... and reports how long WHAT took.
timed() {
	local what=$1 start=$EPOCHREALTIME
	shift
	report "$what ..."
	"$@" || return
	report "$what: $(((${EPOCHREALTIME/./} - ${start/./}) / 1000000)) s"
}

# Installs what the host lacks, or names it in one command.
host_packages() {
	local need=() tool
	for tool in mmdebstrap:mmdebstrap newuidmap:uidmap make:make; do
		command -v "${tool%:*}" > /dev/null || need+=("${tool#*:}")
	done
	[ ${#need[@]} -gt 0 ] || return 0
	command -v apt-get > /dev/null ||
		die "this host lacks ${need[*]} and has no apt-get to install them"
	[ "$(id -u)" = 0 ] ||
		die "this host lacks packages; run: sudo apt-get install ${need[*]}"
	timed "apt-get install ${need[*]}" host_install "${need[@]}"
}

host_install() {
	{
		apt-get -q=2 update &&
			DEBIAN_FRONTEND=noninteractive apt-get -q=2 install \
				--no-install-recommends "$@"
	} < /dev/null >&2
}

# Root's powers over the cache: real, or those of a user namespace.
as_root() {
	if [ "$(id -u)" = 0 ]; then
		unshare --mount "$@"
	else
		unshare --mount --map-root-user --map-auto "$@"
	fi
}

# Runs COMMAND... in the root $1, read-only or writable ($2 is ro or rw), with the
# repository at /src and the sysroot, if there is one, at /arm64.
in_root() {
	local dir=$1 mode=$2 var vars=()
	shift 2
	for var in TERM http_proxy https_proxy no_proxy; do
		[ -n "${!var-}" ] && vars+=("$var=${!var}")
	done
	# shellcheck disable=SC2016
	as_root sh -ec '
		root=$1 mode=$2 repo=$3 sysroot=$4
		shift 4
		mount --bind "$root" "$root"
		mount --bind "$repo" "$root/src"
		[ -z "$sysroot" ] || mount --bind "$sysroot" "$root/arm64"
		mount --rbind /proc "$root/proc"
		mount --rbind /dev "$root/dev"
		mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
		if [ "$mode" = rw ]; then
			mount -t tmpfs tmpfs "$root/var/lib/apt/lists"
			mkdir -p "$root/var/lib/apt/lists/partial"
			cat /etc/resolv.conf > "$root/tmp/resolv.conf" || :
			mount --bind "$root/tmp/resolv.conf" "$root/etc/resolv.conf"
			cat /etc/hosts > "$root/tmp/hosts" || :
			mount --bind "$root/tmp/hosts" "$root/etc/hosts"
		else
			mount -o remount,bind,ro "$root"
			[ -z "$sysroot" ] || mount -o remount,bind,ro "$root/arm64"
		fi
		exec chroot "$root" "$@"
	' sh "$dir" "$mode" "$repo" "$sysroot" \
		env -i "${vars[@]}" HOME=/tmp LC_ALL=C.UTF-8 \
		PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin \
		sh -c 'cd /src && exec "$@"' sh "$@"
}

# The host's way to its mirror, as lines of apt.conf.
apt_settings() {
	apt-config dump Acquire |
		grep -E '^Acquire::(https?|Retries|Check-Valid-Until|Check-Date)\b' |
		grep -Ev 'Proxy-Auto-Detect| "";$' || :
}

# The URI from which the host has $1 (a label of Debian's archive).
mirror() {
	# shellcheck disable=SC2016
	apt-get indextargets --format '$(ORIGIN)|$(LABEL)|$(SITE)' |
		sed -n "s,^Debian|$1|\(https\?://.*\),\1,p" | head -n 1
}

root_sources() {
	local main security
	main=$(mirror Debian)
	security=$(mirror Debian-Security)
	printf 'deb %s %s main\n' "$main" "$suite" "$main" "$suite-updates" \
		"$main" "$suite-backports"
	[ -z "$security" ] || printf 'deb %s %s main\n' "$security" "$suite-security"
}

root_inputs() {
	{
		printf '%s\n' "$suite" "${kernel_specs[@]}"
		# Comments make no other root.
		sed '/^[[:space:]]*#/d' "$repo/tests/lab/root.sh" "$repo/tests/lab/kernels.sh"
	} | sha256sum | cut -c 1-12
}

bootstrap() {
	local arch=$1 dir=$2 opts=() line
	while read -r line; do
		opts+=("--aptopt=${line%;}")
	done < <(apt_settings)
	if [ "$arch" = amd64 ]; then
		[ -z "${foreign-}" ] || opts+=("--architectures=amd64,$foreign")
		opts+=(--variant=minbase "--include=$(IFS=,; echo "${root_packages[*]}")")
	else
		# Unpacked only: nothing of it can run here.
		opts+=("--arch=$arch" --variant=extract
			"--include=$(IFS=,; echo "${sysroot_packages[*]}")")
	fi
	if [ "$(id -u)" = 0 ]; then
		# In a mount namespace of its own: one that is killed leaves /proc, /sys
		# and the host's devices mounted in what is removed next.
		root_sources | as_root mmdebstrap --quiet --mode=root "${opts[@]}" \
			"$suite" "$dir" -
	else
		# Through tar: mmdebstrap's own namespace has another root user, which
		# may have no access to this user's home.
		root_sources | mmdebstrap --quiet --mode=unshare --format=tar \
			"${opts[@]}" "$suite" - - |
			as_root tar -x -C "$dir" --exclude='./dev/*' --numeric-owner
	fi
}

# The same as options of apt, in $opts.
apt_options() {
	local line
	opts=()
	while read -r line; do
		line=${line%;}
		line=${line/ \"/=}
		opts+=(-o "${line%\"}")
	done < <(apt_settings)
}

# fetch_kernels ARCH DIR [--default] SPEC...: see kernels.sh.
fetch_kernels() {
	local arch=$1 dir=$2 opts first=()
	shift 2
	apt_options
	case $1 in
	--default) first=("$1"); shift ;;
	"$suite"*) ;;
	[a-z]*-backports* | sid*) first=(--from "$(mirror Debian)") ;;
	esac
	set -- bash /src/tests/lab/kernels.sh "$arch" "${first[@]}" "${opts[@]}" -- "$@"
	if [ "$arch" = amd64 ]; then
		in_root "$dir" rw "$@"
	else
		sysroot=$dir in_root "$root" rw "$@"
	fi
}

# What the packages' scripts, or their absence, leave to do in the new root $2.
root_finish() {
	# shellcheck disable=SC2016
	as_root sh -ec 'cd "$1"; mkdir -p src lab arm64; : > lab/used
		: >> etc/hosts; : >> etc/resolv.conf' sh "$2"
	[ "$1" = arm64 ] || return 0
	# shellcheck disable=SC2016
	as_root sh -ec '
		cp "$1/etc/passwd" "$1/etc/group" "$2/etc/"
		cd "$2"
		ln -s mawk usr/bin/awk
		find . \( -path ./lab -o -path ./var -o -path ./usr/include -o \
			-path ./usr/share -o -name gconv -o -name "python3*" -o \
			-name "perl*" -o -name "*.a" \) -prune -o -print |
			"$1/bin/busybox" cpio -o -H newc > lab/cpio' sh "$root" "$2"
}

root_build() {
	local arch=$1 dir=$2 new=${2%/*}/new-${2##*-}
	shift 2
	# Before the first apt-get update apt does not know its mirror's label.
	if [ -z "$(mirror Debian)" ] && [ "$(id -u)" = 0 ]; then
		timed "apt-get update" apt-get -q=2 update >&2 || :
	fi
	[ -n "$(mirror Debian)" ] ||
		die "apt knows no mirror of Debian here (try apt-get update)"
	mkdir "$new"
	timed "mmdebstrap $suite $arch" bootstrap "$arch" "$new" ||
		die "mmdebstrap failed"
	root_finish "$arch" "$new"
	timed "kernels of $*" fetch_kernels "$arch" "$new" --default "$@" ||
		die "cannot fetch the kernels of $*"
	[ ! -e "$dir" ] || root_remove "$dir"
	touch "$(checked "$dir")"
	mv -T "$new" "$dir"
}

# Removes a tree of the cache and nothing that is mounted in it.
root_remove() {
	if grep -qF " $1/" /proc/self/mountinfo; then
		die "something is mounted in $1: umount it, then try again"
	fi
	timed "remove ${1##*/}" as_root rm -rf --one-file-system "$1"
}

# Removes what interrupted builders left and roots that were not used for a week.
root_clean() {
	local old
	for old in "$1"/new-* "$1"/root-*; do
		[ -d "$old" ] || continue
		if [[ $old == */root-* && -e $old/lab/used ]]; then
			[ -n "$(find "$(checked "$old")" -mtime -7 2> /dev/null)" ] &&
				continue
			(exec 9< "$old/lab/used" && flock -n -x 9) || continue
		fi
		root_remove "$old"
	done
}

# The root $1 has what it should, the files "$@" among it; one that got lost means
# another build.
root_complete() {
	local v path
	for path in lab/default "${@:2}"; do
		[ -s "$1/$path" ] || return
	done
	while read -r v; do
		[ -e "$1/lab/kernels/$v" ] &&
			[ -s "$1/usr/lib/modules/$v/vmlinuz" ] &&
			[ -s "$1/usr/lib/modules/$v/modules.dep" ] &&
			[ -s "$1/usr/lib/modules/$v/build/vmlinux" ] || return
	done < "$1/lab/default"
}

debug_inputs() {
	{
		echo "$suite"
		cat "$repo/tests/lab/debug.sh" "$repo/tests/lab/debug.config"
	} | sha256sum | cut -c 1-12
}

# Puts the debug kernel into $root, after building it if need be.
debug_ready() {
	local hash opts v
	hash=$(debug_inputs)
	exec {lock}> "$cache/lock"
	flock -n "$lock" || timed "wait for another builder" flock "$lock"
	if [ ! -s "$cache/debug-$hash/release" ]; then
		apt_options
		timed "debug kernel (a quarter of an hour)" in_root "$root" rw \
			bash /src/tests/lab/debug.sh "/lab/debug-$hash" "${opts[@]}" ||
			die "cannot build the debug kernel"
		mv "$root/lab/debug-$hash" "$cache/"
	fi
	read -r v < "$cache/debug-$hash/release"
	if [ ! -e "$root/lab/kernels/$v" ]; then
		rm -rf "$root/usr/lib/modules/$v" "$root/usr/src/linux-$v"
		cp -al "$cache/debug-$hash/usr/." "$root/usr/"
		: > "$root/lab/kernels/$v"
	fi
	exec {lock}>&-
	debug_kernel=$v
}

checked() {
	echo "${1%/*}/checked-${1##*-}"
}

checked_today() {
	[ -n "$(find "$(checked "$1")" -mmin -1440 2> /dev/null)" ]
}

# root_get ARCH DIR FILE... -- SPEC...: a complete root in DIR that has FILEs and
# the kernels of SPECs, stays as long as this process and its children live, and
# is at most a day behind the archive.
root_get() {
	local arch=$1 dir=$2 here=${2%/*} files=() lock used
	shift 2
	while [ "$1" != -- ]; do
		files+=("$1")
		shift
	done
	shift
	mkdir -p "$here"
	if ! root_complete "$dir" "${files[@]}" || ! checked_today "$dir"; then
		exec {lock}> "$here/lock"
		flock -n "$lock" || timed "wait for another builder" flock "$lock"
		root_clean "$here"
		if ! root_complete "$dir" "${files[@]}"; then
			root_build "$arch" "$dir" "$@"
		elif ! checked_today "$dir"; then
			touch "$(checked "$dir")"
			timed "look for new kernels" fetch_kernels "$arch" "$dir" --default "$@" ||
				report "cannot ask the archive, the kernels stay as they are"
		fi
		exec {lock}>&-
	fi
	ln -sfn "${dir##*/}" "$here/root"
	# Left open: the lock lasts as long as any child.
	exec {used}< "$dir/lab/used"
	flock -s "$used"
}

root_ready() {
	local dir
	dir=$cache/root-$(root_inputs)
	host_packages
	root_get amd64 "$dir" usr/bin/gcc usr/bin/clang-19 usr/bin/qemu-system-x86_64 -- "${kernel_specs[@]}"
	root=$dir
}

# Of arm64 there is one kernel, Debian's own.
sysroot_ready() {
	local dir
	[ -z "$sysroot" ] || return 0
	dir=$caches/lab-arm64/root-$(root_inputs)
	host_packages
	root_get arm64 "$dir" lab/cpio usr/include/bpf/libbpf.h -- "$suite"
	sysroot=$dir
}
