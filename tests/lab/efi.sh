# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034,SC2154
#
# A firmware with Secure Boot and Microsoft's keys, which starts Debian's shim, grub
# and kernel. Sourced by lab.

# Fetches it, shim and grub to $cache/efi.
efi_ready() {
	local opts
	[ ! -s "$cache/efi/code.fd" ] || return 0
	apt_options
	# shellcheck disable=SC2016
	(flock 9 && timed "firmware, shim and grub" in_root "$root" rw bash -euo pipefail -c '
		apt=(-q=2 -o APT::Sandbox::User=root -o Acquire::Languages=none "$@")
		cd "$(mktemp -d)"
		apt-get "${apt[@]}" update >&2
		apt-get "${apt[@]}" download ovmf shim-signed grub-efi-amd64-signed >&2
		for deb in ./*.deb; do
			dpkg-deb -x "$deb" .
		done
		rm -rf /lab/efi
		mkdir -p /lab/efi
		cp usr/lib/shim/shimx64.efi.signed /lab/efi/BOOTX64.EFI
		cp usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed /lab/efi/grubx64.efi
		cp usr/share/OVMF/OVMF_VARS_4M.ms.fd /lab/efi/vars.fd
		cp usr/share/OVMF/OVMF_CODE_4M.secboot.fd /lab/efi/code.fd' \
		bash "${opts[@]}") 9> "$cache/lock" || die "cannot fetch a firmware"
	rm -rf "$cache/efi"
	mv "$root/lab/efi" "$cache/"
}

# efi_variables FILE [CERT]: a machine's new variables in FILE, or those of one that
# has the Machine Owner Key CERT.
efi_variables() {
	cp "$cache/efi/vars.fd" "$1"
	[ $# -eq 1 ] || perl "$repo/tests/lab/moklist" "$1" "$2"
}

# efi_start VMLINUZ LOG CMDLINE: sets $start, QEMU's options that boot the kernel with
# the initramfs of LOG.
efi_start() {
	local esp=$2/esp
	mkdir -p "$esp/EFI/BOOT" "$esp/EFI/debian"
	cp "$cache/efi/BOOTX64.EFI" "$cache/efi/grubx64.efi" "$esp/EFI/BOOT/"
	cp "$1" "$esp/vmlinuz"
	cp "$2/initramfs" "$esp/"
	printf '%s\n' "linux /vmlinuz $3" 'initrd /initramfs' boot > "$esp/EFI/debian/grub.cfg"
	start=(-machine smm=on -global "driver=cfi.pflash01,property=secure,value=on"
		-drive "if=pflash,unit=0,format=raw,readonly=on,file=$cache/efi/code.fd"
		-drive "if=pflash,unit=1,format=raw,file=$guest_efi"
		-drive "if=virtio,format=raw,file=fat:rw:$esp")
}
