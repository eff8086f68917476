# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154
#
# Builds the tree in the root: the modules once a kernel, programs once an
# architecture, the BPF objects once. Sourced by lab.

sources() {
	(
		cd "$repo" || return
		# The repository may belong to another user than the builder.
		git -c safe.directory="$repo" ls-files -z -co --exclude-standard \
			2> /dev/null ||
			find . -path ./build -prune -o -path ./.git -prune -o -type f -print0
	) | sort -zu
}

# Brings $1/src up to date with the tree, and touches only what differs: what
# make finds there afterwards is what has to be built again.
stage() {
	local dir=$1 path
	mkdir -p "$dir"
	sources > "$dir/list.new"
	# Objects of a file that is gone would still be found by name.
	if [ -e "$dir/list" ] &&
		[ -n "$(comm -z -23 "$dir/list" "$dir/list.new" | tr -d '\0')" ]; then
		rm -rf "$dir/src"
	fi
	mkdir -p "$dir/src"
	(
		cd "$repo" || return
		while read -r -d '' path; do
			[ -f "$path" ] || continue
			cmp -s "$path" "$dir/src/$path" && continue
			mkdir -p "$dir/src/$(dirname "$path")"
			cp --preserve=mode "$path" "$dir/src/$path"
		done
	) < "$dir/list.new"
	mv "$dir/list.new" "$dir/list"
}

# build NAME TARGET...: stages the tree in build/NAME/src and runs make there.
build() {
	local name=$1 dir=$repo/build/$1
	shift
	mkdir -p "$dir"
	(
		flock 9
		stage "$dir"
		if ! in_root "$root" ro make -C "/src/build/$name/src" \
			--no-print-directory -j "$(nproc)" "$@" > "$dir/log" 2>&1; then
			cat "$dir/log" >&2
			report "make $* failed: see $dir/log"
			return 1
		fi
		# What the compiler warned of is not for the log alone.
		grep -E '\b(warning|WARNING):' "$dir/log" >&2 || :
	) 9> "$dir/lock"
}

build_kernel() {
	local at='' for=$root prefix=x86_64-linux-gnu- vars=() chips=kmods cc
	if [ "$(arch "$1")" = arm64 ]; then
		# There are real controllers there.
		at=/arm64 for=$sysroot prefix=aarch64-linux-gnu- chips=''
		vars=(ARCH=arm64 "CROSS_COMPILE=$prefix")
	fi
	# Debian's kernels of other releases want compilers that the root may lack.
	cc=$(sed -n 's/^CC = .*)\(gcc-[0-9]*\)$/\1/p' "$for/usr/src/linux-headers-$1/.kernelvariables" \
		2> /dev/null) || :
	[ -z "$cc" ] || [ -e "$root/usr/bin/$prefix$cc" ] || vars+=("CC=${prefix}gcc")
	build "$1" module $chips "KERNELDIR=$at/usr/lib/modules/$1/build" "${vars[@]}"
}

# The module without families of hardware, for suites with "# wants: bare".
build_bare() {
	build "$1-bare" module "KERNELDIR=/usr/lib/modules/$1/build" CHR_EXT_WITHOUT=gpio
}

# With LAB_SANITIZE in the environment the suites run a loader that reports bad
# accesses, undefined behaviour and leaks.
build_common() {
	build common user drivers tests || return
	if [ -n "${LAB_SANITIZE-}" ]; then
		build sanitized user tests/progs/library \
			CFLAGS="-O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=undefined"
	else
		rm -rf "$repo/build/sanitized"
	fi
}

build_arm64() {
	local lib=/arm64/usr/lib/aarch64-linux-gnu
	build common-arm64 user progs CC="aarch64-linux-gnu-gcc --sysroot=/arm64" \
		PKG_CONFIG="env PKG_CONFIG_SYSROOT_DIR=/arm64 PKG_CONFIG_LIBDIR=$lib/pkgconfig pkg-config"
}

build_all() {
	local v
	for v in $(kernels "${KERNEL:-all}"); do
		build_kernel "$v" || die "no module for $v"
	done
	build_common || die "no loader, drivers or test programs"
	[ -z "$sysroot" ] || build_arm64 || die "no loader or test programs for arm64"
}

# Fetches checkpatch.pl, which only the source package has, to $cache/checkpatch.
checkpatch_ready() {
	local opts
	[ ! -s "$cache/checkpatch/checkpatch.pl" ] || return 0
	apt_options
	# shellcheck disable=SC2016
	(flock 9 && timed "checkpatch.pl" in_root "$root" rw bash -euo pipefail -c '
		apt=(-q=2 -o APT::Sandbox::User=root -o Acquire::Languages=none "$@")
		cd "$(mktemp -d)"
		apt-get "${apt[@]}" update >&2
		apt-get "${apt[@]}" download linux-source-6.12 >&2
		dpkg-deb --fsys-tarfile ./*.deb | tar -xO --wildcards "*.tar.xz" |
			tar -xJ --strip-components=2 --wildcards \
			"*/scripts/checkpatch.pl" "*/scripts/spelling.txt" \
			"*/scripts/const_structs.checkpatch"
		mkdir -p /lab/checkpatch
		mv checkpatch.pl spelling.txt const_structs.checkpatch /lab/checkpatch/' \
		bash "${opts[@]}") 9> "$cache/lock" || die "cannot fetch checkpatch.pl"
	mv "$root/lab/checkpatch" "$cache/"
}

# "make check" in the root, against the oldest kernel: trixie's sparse cannot read
# the headers of the newest.
check() {
	local v
	v=$(kernels all)
	v=${v%%$'\n'*}
	mkdir -p "$repo/build/check"
	cp -r "$cache/checkpatch" "$repo/build/check/"
	build check "${@:-check}" "KERNELDIR=/usr/lib/modules/$v/build" \
		CHECKPATCH=/src/build/check/checkpatch/checkpatch.pl
}
