#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# machines: host
# timeout: 1800
#
# The packages on a minimal Debian 13 with two kernels: up to the installation in a
# chroot, the rest in guests that boot it with systemd, with Secure Boot too. Then
# their removal.

. "$SRC/tests/lab/tap.sh"

lab=$SRC/tests/lab/lab
debs=$SRC/build/deb
dir=$(mktemp -d "${TMPDIR:-/tmp}/packages.XXXXXX") || exit
disk=$dir.disk
trap '"$lab" minimal-gone "$dir"; rm -f "$disk"' EXIT
mapfile -t kernels < <("$lab" kernels)
old=${kernels[0]} new=${kernels[-1]}

# machine COMMANDS: as root of that Debian. It needs no initramfs, the lab has one.
machine() {
	"$lab" minimal-enter "$dir" bash -ec \
		"export DEBIAN_FRONTEND=noninteractive INITRD=No; $1" 2>&1
}

# plain TEXT: a regular expression that matches it.
plain() {
	sed 's/[.+]/\\&/g' <<< "$1"
}

# value NAME: what a guest printed behind "NAME=".
value() {
	sed -n "s/^$1=//p" "$LOG/said"
}

# guest KERNEL OPTIONS...: boots the disk with it and runs $LOG/guest.sh there.
guest() {
	"$lab" run --kernel "$1" --timeout 600 --disk "$disk" --log "$LOG/guest" "${@:2}" \
		"$LOG/guest.sh" > "$LOG/said"
}

# status: of the module by DKMS, a line each kernel.
status() {
	machine "dkms status chr_ext"
}

ok "make deb, and lintian is content" "$lab" deb
ok "again, elsewhere" "$lab" deb deb-again
for deb in "$debs"/*.deb; do
	ok "${deb##*/} is the same" cmp "$deb" "$SRC/build/deb-again/${deb##*/}"
done
rm -rf "$SRC/build/deb-again"

ok "a minimal Debian" "$lab" minimal "$dir" "$new" systemd-sysv udev
ok "which knows the archive" machine 'mkdir -p /var/lib/apt/kept/partial
	echo "Dir::State::lists \"/var/lib/apt/kept\"; Dpkg::Use-Pty \"0\";" > \
		/etc/apt/apt.conf.d/98lists
	apt-get update'

# Without headers the packages install, and say what is missing.
text=$(machine 'apt-get install /src/build/deb/*.deb')
is "packages install without headers" $? 0
like "which are asked for" "$text" "No kernel headers were found, skipping module build"
is "nothing is built" "$(status)" "chr_ext/0.2: added"

text=$(machine "apt-get install linux-headers-$old")
is "headers of $old come" $? 0
like "the module is built for them" "$(status)" "$(plain "chr_ext/0.2, $old, x86_64: installed")"
text=$(machine "apt-get install linux-headers-$new")
is "headers of $new come" $? 0
like "the module is built for them, too" "$(status)" "$(plain "chr_ext/0.2, $new, x86_64: installed")"
for v in "$old" "$new"; do
	like "$v: modprobe finds it" "$(machine "modinfo -k $v -n chr_ext")" \
		"$(plain "/lib/modules/$v/updates/dkms/chr_ext.ko")"
	like "$v: it is signed by this machine" "$(machine "modinfo -k $v -F signer chr_ext")" \
		"DKMS module signing key"
done

# What is no kernel for the module.
text=$(machine 'mkdir -p /lib/modules/6.1.0-9-amd64/build/include
	run-parts --arg=6.1.0-9-amd64 /etc/kernel/header_postinst.d')
is "an older kernel is skipped" $? 0
like "which is said" "$text" "BUILD_EXCLUSIVE directive"
text=$(machine 'mkdir -p /lib/modules/6.99.0-9-amd64/build/include
	! run-parts --arg=6.99.0-9-amd64 /etc/kernel/header_postinst.d
	cat /var/lib/dkms/chr_ext/0.2/build/make.log')
is "a kernel that is half there fails" $? 0
like "with a sentence" "$text" \
	"KERNELDIR=/lib/modules/6\.99\.0-9-amd64/build is not a kernel build tree"
machine 'rm -r /lib/modules/6.1.0-9-amd64 /lib/modules/6.99.0-9-amd64' > /dev/null
is "the others have theirs" "$(status | grep -c installed)" 2

ok "a disk of it" "$lab" minimal-disk "$dir" "$disk"

# The new kernel.
cat > "$LOG/guest.sh" <<- 'END'
	echo state=$(systemctl is-system-running --wait) $(systemctl --failed --plain --no-legend)
	modprobe chr_ext
	echo module=$(cat /sys/module/chr_ext/version) $(/usr/bin/uname -r)
	chrext enable /usr/lib/chr_ext/hello.bpf.o
	systemctl start chr-ext@hello
	echo read=$(head -c 4 /dev/hello)
	cd /tmp
	chrext new mine > /dev/null
	echo new=$(ls mine)
END
ok "it boots $new" guest "$new"
is "and is running" "$(value state)" running
is "with the module for it" "$(value module)" "0.2 $new"
is "a driver that is enabled works" "$(value read)" ebpf
like "a driver of one's own begins with its template" "$(value new)" "mine\.bpf\.c"

# The old one, with Secure Boot. The machine does not know its own key yet.
ok "a firmware with Secure Boot" "$lab" efi "$LOG/vars.fd"
cat > "$LOG/guest.sh" <<- 'END'
	echo refused=$(modprobe chr_ext 2>&1)
	echo unit=$(systemctl show -p ActiveState,Result chr-ext@hello)
	echo log=$(dmesg | grep -o 'Loading of .*' | tail -n 1)
	echo doctor=$(chrext doctor | grep lockdown)
END
ok "it boots $old with Secure Boot" guest "$old" --efi "$LOG/vars.fd"
is "which locks it down" "$(value doctor)" "ok lockdown: integrity, modules must be signed"
is "the module is refused" "$(value refused)" \
	"modprobe: ERROR: could not insert 'chr_ext': Key was rejected by service"
is "so the unit of its driver fails" "$(value unit)" "Result=exit-code ActiveState=failed"
is "because of its key" "$(value log)" "Loading of module with unavailable key is rejected"

# With its key, and the packages go while a driver is in use.
"$lab" minimal-enter "$dir" cat /var/lib/dkms/mok.pub > "$LOG/mok.pub"
ok "the key is enrolled" "$lab" efi "$LOG/vars.fd" "$LOG/mok.pub"
cat > "$LOG/guest.sh" <<- 'END'
	look() {
		udevadm trigger --settle --subsystem-match=chr_ext
		stat -c "%a %U %G" /dev/hello
	}
	may_read() {
		setpriv --reuid=65534 --regid=65534 "$@" head -c 4 /dev/hello 2> /dev/null || echo no
	}
	echo state=$(systemctl is-system-running --wait) $(systemctl --failed --plain --no-legend)
	xz -dc $(modinfo -n chr_ext) > /tmp/unsigned.ko
	strip -g /tmp/unsigned.ko
	echo refused=$(insmod /tmp/unsigned.ko 2>&1)
	echo module=$(cat /sys/module/chr_ext/version) $(/usr/bin/uname -r)
	echo node=$(look)
	echo 'SUBSYSTEM=="chr_ext", ENV{CHR_EXT_DRIVER}=="hello", MODE="0640"' > \
		/etc/udev/rules.d/70-mine.rules
	udevadm control --reload
	echo mine=$(look)
	rm /etc/udev/rules.d/70-mine.rules
	echo member=$(may_read --groups=chr_ext)
	echo other=$(may_read --clear-groups)
	exec 3< /dev/hello
	export DEBIAN_FRONTEND=noninteractive
	echo purge=$(apt-get purge chr-ext-dkms 2>&1 | grep '^chr_ext:')
	echo loaded=$(cat /sys/module/chr_ext/version)
	echo file=$(modinfo -n chr_ext 2>&1)
	apt-get purge chrext libchrext0 libchrext-dev > /tmp/purge 2>&1
	echo status=$?
	echo left=$(ls -d /etc/chr_ext /etc/systemd/system/*.wants/*chr* 2> /dev/null)
	echo read=$(head -c 4 <&3)
	echo failed=$(systemctl --failed --plain --no-legend)
END
ok "it boots $old with its key" guest "$old" --efi "$LOG/vars.fd"
is "and is running, too" "$(value state)" running
is "a module without a signature is refused" "$(value refused)" \
	"insmod: ERROR: could not insert module /tmp/unsigned.ko: Key was rejected by service"
is "the one that DKMS signed is loaded at boot, as a driver is enabled" "$(value module)" "0.2 $old"
is "the node belongs to the group, with the driver's mode" "$(value node)" "666 root chr_ext"
is "a rule of one's own has the last word" "$(value mine)" "640 root chr_ext"
is "a member of the group may read" "$(value member)" ebpf
is "others may not" "$(value other)" no
is "the module's package goes, and says what stays" "$(value purge)" \
	"chr_ext: the module stays loaded, with its drivers, until the next boot"
is "it does" "$(value loaded)" 0.2
like "its file does not" "$(value file)" "Module chr_ext not found"
is "the other packages go" "$(value status)" 0
is "with what chrext enable wrote" "$(value left)" ""
is "a file that is open still reads" "$(value read)" ebpf
is "no unit failed" "$(value failed)" ""

# A module that was installed by hand.
text=$(machine "mkdir -p /lib/modules/$old/extra
	cp /lib/modules/$old/updates/dkms/chr_ext.ko.xz /lib/modules/$old/extra/
	! apt-get install --reinstall /src/build/deb/chr-ext-dkms_*_all.deb")
is "no update of the package beside a module of make install" $? 0
like "which it names" "$text" "$(plain "chr_ext: /lib/modules/$old/extra/chr_ext.ko.xz is not of a package: run 'make uninstall'")"
is "what was there stays" "$(status | grep -c installed)" 2
text=$(machine 'apt-get purge chr-ext-dkms chrext libchrext0 libchrext-dev')
is "the packages go" $? 0
text=$(machine '! apt-get install /src/build/deb/chr-ext-dkms_*_all.deb')
is "nor does it come beside one" $? 0
like "which it names, too" "$text" "run 'make uninstall' in its tree first"
machine "rm /lib/modules/$old/extra/chr_ext.ko.xz" > /dev/null
is "only the group is left" "$(machine 'find / -xdev \( -path /src -o -path /proc -o \
	-path /dev -o -path /tmp -o -path /var/cache/apt -o -path /var/log \) -prune -o \
	-iname "*chr[-_]ext*" -print -o -iname "*chrext*" -print
	grep -rl "chr_ext\|chrext" /etc --exclude="*-" | sort')" $'/etc/group\n/etc/gshadow'
done_testing
