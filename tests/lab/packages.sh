# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154
#
# Builds the Debian packages in the root; those of another architecture in a root of
# their own, which has its libraries. Sourced by lab.
#
#   $caches/lab-cross/root-HASH/   HASH is of what it is made from

# The build dependencies of debian/control, those of architecture $1 as such.
build_depends() {
	sed -n '/^Build-Depends:/,/^[A-Z][^:]*:/{
		/^ / {
			s/ (.*)//
			s/^ *\(.*\),$/\1/
			s/^debhelper-compat$/debhelper/
			s/^dh-sequence-dkms$/dh-dkms/
			/^dh-sequence-/d
			p
		}
	}' "$repo/debian/control" | sed -E "/:native\$/s///; t; /^(debhelper|dh-)/!s/\$/:$1/"
}

# Sets $cross, a root that builds for the architecture $1.
cross_ready() {
	local arch=$1 packages hash lock
	mapfile -t packages < <(
		printf '%s\n' build-essential "crossbuild-essential-$arch" lintian
		build_depends "$arch"
	)
	hash=$(printf '%s\n' "$suite" "${packages[@]}" | sha256sum | cut -c 1-12)
	cross=$caches/lab-cross/root-$hash
	host_packages
	mkdir -p "${cross%/*}"
	exec {lock}> "${cross%/*}/lock"
	flock "$lock"
	if [ ! -e "$cross/lab/used" ]; then
		rm -rf --one-file-system "${cross%/*}"/root-*
		# shellcheck disable=SC2034 # for bootstrap()
		local root_packages=("${packages[@]}") foreign=$arch
		timed "mmdebstrap $suite for $arch" bootstrap amd64 "$cross" ||
			die "mmdebstrap failed"
		root_finish amd64 "$cross"
	fi
	exec {lock}>&-
}

# deb [NAME [ARCH]]: the packages of the tree, in build/NAME (deb without one), and
# lintian's opinion of them.
deb() {
	local name=${1:-deb} dir=$repo/build/${1:-deb} builder cross what=(--build=binary)
	if [ "${2:-amd64}" = amd64 ]; then
		root_ready
		builder=$root
	else
		cross_ready "$2"
		builder=$cross what=(--build=any "--host-arch=$2")
	fi
	mkdir -p "$dir"
	(
		flock 9
		# From nothing, as a builder of packages does.
		rm -rf "$dir/src" "$dir/list" "$dir"/*.{deb,changes,buildinfo}
		stage "$dir"
		if ! in_root "$builder" ro sh -ec '
			cd "$1/src"
			shift
			export DEB_BUILD_OPTIONS=noautodbgsym
			dpkg-buildpackage "$@" --no-sign -j"$(nproc)"
			cd ..
			lintian --allow-root --fail-on error,warning --tag-display-limit 0 ./*.changes' \
			sh "/src/build/$name" "${what[@]}" > "$dir/log" 2>&1; then
			tail -n 40 "$dir/log" >&2
			die "no packages: see $dir/log"
		fi
		rm -rf "$dir/src" "$dir/list"
	) 9> "$dir/lock"
}
