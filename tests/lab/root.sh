# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154
#
# The cached root: a Debian with compilers and kernels that both the builds and
# the guests use. Sourced by lab; root_ready sets $root.
#
#   $cache/root-HASH/     a complete root; HASH is of what it is made from, so
#                         that trees with other needs do not take it away
#     lab/default         the kernels that "all" means
#     lab/kernels/        an empty file for each kernel that is complete
#     lab/used            locked by everyone who uses the root
#   $cache/debug-HASH/    the kernel that looks for mistakes, see debug.sh; HASH
#                         is of its recipe
#   $cache/checked-HASH   its time is when the archive was asked for new kernels
#   $cache/new-HASH/      a root in the making, or what was left of it
#   $cache/lock           held by the one who builds
#   $cache/root           link to the root used last, for people

suite=${SUITE:-trixie}
# The kernels that "all" means: see kernels.sh for what may stand here.
read -ra kernel_specs <<< "${LAB_KERNELS:-$suite $suite-backports}"
root_packages=(
	bash coreutils findutils grep sed mawk procps util-linux util-linux-extra
	kmod iproute2 busybox-static libcap2-bin xz-utils jq perl-base python3-minimal
	strace stress-ng fio gpiod device-tree-compiler
	gcc libc6-dev make bc bison flex pkg-config pahole clang-19 bpftool
	libbpf-dev libelf-dev zlib1g-dev liburing-dev libssl-dev
	sparse mandoc shellcheck
)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/chr_ext/lab-amd64

say() {
	echo "lab: $*" >&2
}

die() {
	say "$*"
	exit 1
}

# Does COMMAND... and says how long WHAT took.
timed() {
	local what=$1 start=$EPOCHREALTIME
	shift
	say "$what ..."
	"$@" || return
	say "$what: $(((${EPOCHREALTIME/./} - ${start/./}) / 1000000)) s"
}

# What the host lacks is installed, or named in one command.
host_packages() {
	local need=() tool
	for tool in qemu-system-x86_64:qemu-system-x86 mmdebstrap:mmdebstrap \
		newuidmap:uidmap make:make; do
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

# Runs COMMAND... in the root $1 with the repository at /src; $2 is ro or rw
# and says whether the root itself may change.
in_root() {
	local dir=$1 mode=$2 var vars=()
	shift 2
	for var in TERM http_proxy https_proxy no_proxy; do
		[ -n "${!var-}" ] && vars+=("$var=${!var}")
	done
	# shellcheck disable=SC2016
	as_root sh -ec '
		root=$1 mode=$2 repo=$3
		shift 3
		mount --bind "$root" "$root"
		mount --bind "$repo" "$root/src"
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
		fi
		exec chroot "$root" "$@"
	' sh "$dir" "$mode" "$repo" \
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
		cat "$repo/tests/lab/root.sh" "$repo/tests/lab/kernels.sh"
	} | sha256sum | cut -c 1-12
}

bootstrap() {
	local dir=$1 opts=() line
	while read -r line; do
		opts+=("--aptopt=${line%;}")
	done < <(apt_settings)
	opts+=(--variant=minbase "--include=$(IFS=,; echo "${root_packages[*]}")")
	if [ "$(id -u)" = 0 ]; then
		# In a mount namespace of its own: one that is killed leaves /proc, /sys
		# and the host's devices mounted in what is removed next.
		root_sources | as_root mmdebstrap --quiet --mode=root "${opts[@]}" \
			"$suite" "$dir" -
	else
		# Through tar: mmdebstrap's own namespace has another root user, who
		# may be kept out of this user's home.
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

fetch_kernels() {
	local dir=$1 opts
	shift
	apt_options
	[ "$1" != --default ] || opts=(--default "${opts[@]}")
	[ "$1" != --default ] || shift
	in_root "$dir" rw bash /src/tests/lab/kernels.sh "${opts[@]}" -- "$@"
}

root_build() {
	local dir=$1 new=$cache/new-${1##*-}
	# A host that never asked its mirror does not know whose mirror it is.
	if [ -z "$(mirror Debian)" ] && [ "$(id -u)" = 0 ]; then
		timed "apt-get update" apt-get -q=2 update >&2 || :
	fi
	[ -n "$(mirror Debian)" ] ||
		die "apt knows no mirror of Debian here (try apt-get update)"
	mkdir "$new"
	timed "mmdebstrap $suite" bootstrap "$new" || die "mmdebstrap failed"
	# shellcheck disable=SC2016
	as_root sh -ec 'cd "$1"; mkdir -p src lab; : > lab/used
		: >> etc/hosts; : >> etc/resolv.conf' sh "$new"
	timed "kernels of ${kernel_specs[*]}" \
		fetch_kernels "$new" --default "${kernel_specs[@]}" ||
		die "cannot fetch the kernels of ${kernel_specs[*]}"
	[ ! -e "$dir" ] || root_remove "$dir"
	touch "$cache/checked-${dir##*-}"
	mv -T "$new" "$dir"
}

# Removes a tree of the cache and nothing that is mounted in it.
root_remove() {
	if grep -qF " $1/" /proc/self/mountinfo; then
		die "something is mounted in $1: umount it, then try again"
	fi
	timed "remove ${1##*/}" as_root rm -rf --one-file-system "$1"
}

# Removes what interrupted builders left and roots that nobody used for a week.
root_clean() {
	local old
	for old in "$cache"/new-* "$cache"/root-*; do
		[ -d "$old" ] || continue
		if [[ $old == */root-* && -e $old/lab/used ]]; then
			[ -n "$(find "$cache/checked-${old##*-}" -mtime -7 2> /dev/null)" ] &&
				continue
			(exec 9< "$old/lab/used" && flock -n -x 9) || continue
		fi
		root_remove "$old"
	done
}

# The root $1 has what it should; a file that got lost means another build.
root_complete() {
	local v
	[ -s "$1/lab/default" ] && [ -x "$1/usr/bin/gcc" ] &&
		[ -x "$1/usr/bin/clang-19" ] || return
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

checked_today() {
	[ -n "$(find "$cache/checked-${1##*-}" -mmin -1440 2> /dev/null)" ]
}

# Sets $root: a complete root that stays as long as this process and its
# children live, and is at most a day behind the archive.
root_ready() {
	local dir lock
	host_packages
	mkdir -p "$cache"
	dir=$cache/root-$(root_inputs)
	if ! root_complete "$dir" || ! checked_today "$dir"; then
		exec {lock}> "$cache/lock"
		flock -n "$lock" || timed "wait for another builder" flock "$lock"
		root_clean
		if ! root_complete "$dir"; then
			root_build "$dir"
		elif ! checked_today "$dir"; then
			touch "$cache/checked-${dir##*-}"
			timed "look for new kernels" \
				fetch_kernels "$dir" --default "${kernel_specs[@]}" ||
				say "cannot ask the archive, the kernels stay as they are"
		fi
		exec {lock}>&-
	fi
	ln -sfn "${dir##*/}" "$cache/root"
	root=$dir
	# Left open: the lock lasts as long as any child.
	exec {used}< "$root/lab/used"
	flock -s "$used"
}
