# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154
#
# A Debian of the least packages with a kernel, sudo and kmod, as an installer
# leaves it, for README's lines. Sourced by lab.

debs=$caches/debs

# minimal DIR KERNEL: makes it in DIR. uname -r prints KERNEL there, as in the guest
# that boots it.
minimal() {
	# shellcheck disable=SC2034 # for bootstrap()
	local dir=$1 v=$2 root_packages=(sudo kmod)
	mkdir -p "$dir" "$debs"
	bootstrap amd64 "$dir" || die "mmdebstrap failed"
	root_finish amd64 "$dir"
	# shellcheck disable=SC2016
	as_root sh -ec '
		lab=$1 dir=$2 v=$3 debs=$4
		mkdir -p "$dir/usr/lib/modules/$v"
		cd "$lab/usr/lib/modules/$v"
		cp -a vmlinuz kernel modules.* "$dir/usr/lib/modules/$v/"
		# For tests/lab/guest.
		cp "$lab/usr/bin/busybox" "$dir/usr/bin/"
		cp "$debs"/*.deb "$dir/var/cache/apt/archives/" 2> /dev/null || :
		cat > "$dir/etc/apt/apt.conf.d/99lab"
		printf "#!/bin/sh\n[ \"\$*\" = -r ] && echo %s || exec /usr/bin/uname \"\$@\"\n" \
			"$v" > "$dir/usr/local/bin/uname"
		chmod 755 "$dir/usr/local/bin/uname"
	' sh "$root" "$dir" "$v" "$debs" <<- END
		APT::Get::Assume-Yes "true";
		APT::Sandbox::User "root";
		APT::Install-Recommends "false";
		Acquire::Languages "none";
		$(apt_settings)
	END
}

# Removes it; the packages that it fetched are kept.
minimal_gone() {
	# shellcheck disable=SC2016
	as_root sh -c 'cp -n "$1"/var/cache/apt/archives/*.deb "$2/"' sh "$1" "$debs" || :
	as_root rm -rf --one-file-system "$1"
}
