# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# The cached root: a Debian with compilers and kernels that both the builds and
# the guests use. Sourced by lab; ends with $root set, locked and complete.
#
#   $cache/root         link to the root in use
#   $cache/root-*/      one root; lab/stamp is written when it is complete,
#                       lab/default and lab/kernels/ say which kernels it has
#   $cache/lock         held by the one who builds
#   $cache/checked      its time is when the archive was asked for new kernels

suite=${SUITE:-trixie}
# The kernels that "all" means: see kernels.sh for what may stand here.
kernel_specs=(${LAB_KERNELS:-$suite $suite-backports})
root_packages=(
	bash coreutils findutils grep sed mawk procps util-linux kmod iproute2
	busybox-static libcap2-bin xz-utils strace stress-ng jq python3-minimal
	gcc libc6-dev make bc pkg-config pahole clang-19 bpftool
	libbpf-dev libelf-dev zlib1g-dev sparse mandoc shellcheck perl-base
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
	apt-get indextargets --format '$(ORIGIN)|$(LABEL)|$(SITE)' |
		sed -n "s,^Debian|$1|\(https\?://.*\),\1,p" | head -n 1
}

root_sources() {
	local main security
	main=$(mirror Debian)
	security=$(mirror Debian-Security)
	[ -n "$main" ] || return
	printf 'deb %s %s main\n' "$main" "$suite" "$main" "$suite-updates" \
		"$main" "$suite-backports"
	[ -z "$security" ] || printf 'deb %s %s main\n' "$security" "$suite-security"
}

root_inputs() {
	{
		printf '%s\n' "$suite" "${root_packages[@]}"
		cat "$repo/tests/lab/root.sh" "$repo/tests/lab/kernels.sh"
	} | sha256sum | cut -d ' ' -f 1
}

bootstrap() {
	local dir=$1 opts=() line
	while read -r line; do
		opts+=("--aptopt=${line%;}")
	done < <(apt_settings)
	opts+=(--variant=minbase "--include=$(IFS=,; echo "${root_packages[*]}")")
	if [ "$(id -u)" = 0 ]; then
		root_sources | mmdebstrap --quiet --mode=root "${opts[@]}" "$suite" "$dir" -
	else
		# Through tar: mmdebstrap's own namespace has another root user, who
		# may be kept out of this user's home.
		root_sources | mmdebstrap --quiet --mode=unshare --format=tar \
			"${opts[@]}" "$suite" - - |
			as_root tar -x -C "$dir" --exclude='./dev/*' --numeric-owner
	fi
}

fetch_kernels() {
	local dir=$1 opts=() line
	shift
	while read -r line; do
		line=${line%;}
		line=${line/ \"/=}
		opts+=(-o "${line%\"}")
	done < <(apt_settings)
	[ "$1" != --default ] || opts=(--default "${opts[@]}")
	[ "$1" != --default ] || shift
	in_root "$dir" rw bash /src/tests/lab/kernels.sh "${opts[@]}" -- "$@"
}

root_build() {
	local new old
	new=$cache/root-$(date +%Y%m%d%H%M%S)
	for old in "$cache"/root-*; do
		root_unused "$old" && timed "remove ${old##*/}" as_root rm -rf "$old"
	done
	mkdir "$new"
	timed "mmdebstrap $suite" bootstrap "$new" || die "mmdebstrap failed"
	# shellcheck disable=SC2016
	as_root sh -ec 'cd "$1"; mkdir -p src lab; : > lab/used; : >> etc/hosts; : >> etc/resolv.conf' sh "$new"
	timed "kernels for ${kernel_specs[*]}" \
		fetch_kernels "$new" --default "${kernel_specs[@]}" ||
		die "cannot fetch the kernels for ${kernel_specs[*]}"
	# shellcheck disable=SC2016
	as_root sh -ec 'echo "$2" > "$1/lab/stamp"' sh "$new" "$(root_inputs)"
	touch "$cache/checked"
	ln -sfn "${new##*/}" "$cache/root.new"
	mv -T "$cache/root.new" "$cache/root"
}

# No one runs in the root $1 (an incomplete one has no users).
root_unused() {
	[ -d "$1" ] || return
	[ -e "$1/lab/stamp" ] || return 0
	(exec 9< "$1/lab/used" && flock -n -x 9)
}

root_complete() {
	local v
	[ "$(cat "$cache/root/lab/stamp" 2> /dev/null)" = "$(root_inputs)" ] &&
		[ -s "$cache/root/lab/default" ] || return
	while read -r v; do
		[ -e "$cache/root/lab/kernels/$v" ] &&
			[ -s "$cache/root/usr/lib/modules/$v/vmlinuz" ] &&
			[ -s "$cache/root/usr/lib/modules/$v/build/vmlinux" ] || return
	done < "$cache/root/lab/default"
}

root_checked_today() {
	[ -n "$(find "$cache/checked" -mmin -1440 2> /dev/null)" ]
}

# Sets $root: a complete root that stays as long as this process and its
# children live, and is at most a day behind the archive.
root_ready() {
	host_packages
	mkdir -p "$cache"
	if ! root_complete || ! root_checked_today; then
		exec {lock}> "$cache/lock"
		flock -n "$lock" || timed "wait for another builder" flock "$lock"
		if ! root_complete; then
			root_build
		elif ! root_checked_today; then
			touch "$cache/checked"
			timed "look for new kernels" \
				fetch_kernels "$cache/root/" --default "${kernel_specs[@]}" ||
				say "cannot ask the archive, the kernels stay as they are"
		fi
		exec {lock}>&-
	fi
	root=$(readlink -f "$cache/root")
	exec {used}< "$root/lab/used"
	flock -s "$used"
}
