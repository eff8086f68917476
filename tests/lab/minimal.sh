# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154
#
# A Debian of the least packages with kernels, sudo and kmod, as an installer leaves
# it, for README's lines and for the packages. Sourced by lab.

debs=$caches/debs

# minimal DIR KERNELS [PACKAGE...]: makes it in DIR. uname -r prints the first kernel
# there, as in the guest that boots it.
minimal() {
	# shellcheck disable=SC2034 # for bootstrap()
	local dir=$1 kernels=$2 root_packages=(sudo kmod "${@:3}")
	mkdir -p "$dir" "$debs"
	bootstrap amd64 "$dir" || die "mmdebstrap failed"
	root_finish amd64 "$dir"
	# shellcheck disable=SC2016
	as_root sh -ec '
		lab=$1 dir=$2 kernels=$3 debs=$4
		for v in $kernels; do
			mkdir -p "$dir/usr/lib/modules/$v"
			cd "$lab/usr/lib/modules/$v"
			cp -a vmlinuz kernel modules.* "$dir/usr/lib/modules/$v/"
		done
		# For tests/lab/guest.
		cp "$lab/usr/bin/busybox" "$dir/usr/bin/"
		cp "$debs"/*.deb "$dir/var/cache/apt/archives/" 2> /dev/null || :
		cat > "$dir/etc/apt/apt.conf.d/99lab"
		printf "#!/bin/sh\n[ \"\$*\" = -r ] && echo %s || exec /usr/bin/uname \"\$@\"\n" \
			"${kernels%% *}" > "$dir/usr/local/bin/uname"
		chmod 755 "$dir/usr/local/bin/uname"
	' sh "$root" "$dir" "$kernels" "$debs" <<- END
		APT::Get::Assume-Yes "true";
		APT::Sandbox::User "root";
		APT::Install-Recommends "false";
		Acquire::Languages "none";
		$(apt_settings)
	END
}

# minimal_disk DIR FILE: a disk of it in FILE, with half a gigabyte to spare.
minimal_disk() {
	local used
	used=$(as_root du -sxm "$1" | cut -f 1)
	rm -f "$2"
	as_root "$root/usr/lib64/ld-linux-x86-64.so.2" \
		--library-path "$root/usr/lib/x86_64-linux-gnu" "$root/usr/sbin/mke2fs" \
		-q -t ext4 -O ^has_journal -d "$1" "$2" $((used * 5 / 4 + 512))M
}

# Removes it; the packages that it fetched are kept.
minimal_gone() {
	# shellcheck disable=SC2016
	as_root sh -c 'cp -n "$1"/var/cache/apt/archives/*.deb "$2/"' sh "$1" "$debs" || :
	as_root rm -rf --one-file-system "$1"
}
