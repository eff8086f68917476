# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154
#
# Boots a kernel of the root in QEMU. Sourced by lab.

# Every one of these in the kernel's log fails a run, whatever the script says.
bad_log='WARNING:|BUG:|\bOops\b|general protection|[Kk]ernel panic|KASAN:|UBSAN:|KCSAN:'
bad_log+='|possible recursive locking|possible circular locking|inconsistent lock state'
bad_log+='|suspicious RCU usage|rcu: INFO:|INFO: rcu_|hung task|blocked for more than'
bad_log+='|scheduling while atomic|sleeping function called|soft lockup|hard LOCKUP'
bad_log+='|refcount_t:|unchecked MSR|list_(add|del) corruption|held lock freed'
bad_log+='|Unable to handle|BTF mismatch|failed to validate module'
# Bad page, oops, warning and soft lockup of /proc/sys/kernel/tainted: the log
# can lose lines, this cannot.
bad_taint=$((1 << 5 | 1 << 7 | 1 << 9 | 1 << 14))

# One thread for both CPUs of a guest: with a thread each, QEMU 7.2 lets one run
# what the other is patching, and kernels stop or die with "int3" now and then.
# Two guests at a time keep two host CPUs busy all the same.
accel() {
	if grep -Eqw 'vmx|svm' /proc/cpuinfo && [ -w /dev/kvm ]; then
		echo kvm
	else
		echo tcg,thread=single
	fi
}

# The machine on which a kernel runs unless another is asked for.
machine_for() {
	case $(arch "$1") in
	amd64) echo pc ;;
	arm64) echo virt ;;
	esac
}

# Sets what QEMU is to be called with for the machine $1: $hw, and $ports, where
# the chardevs console, out and err go; and $tty, their names in the guest.
machine() {
	local arm64=(qemu-system-aarch64 -accel "tcg,thread=single" -machine "$1")
	tty=(ttyS0 ttyS1 ttyS2)
	case $1 in
	pc)
		hw=(qemu-system-x86_64 -machine q35 -accel "$(accel)" -cpu "${LAB_CPU:-max}"
			-smp 2 -m "${LAB_MEM:-1G}")
		ports=(-serial chardev:console -serial chardev:out -serial chardev:err)
		;;
	virt)
		# Not its own port: that one hears nothing more when more than its
		# FIFO holds came before Linux listens.
		hw=("${arm64[@]}" -cpu cortex-a72 -smp 2 -m "${LAB_MEM:-1G}")
		ports=(-device "pci-serial,chardev=console" -device "pci-serial,chardev=out"
			-device "pci-serial,chardev=err")
		;;
	raspi3b)
		# Its CPUs and memory are what they are. It has two ports, of which
		# the second says an X of its own at times.
		hw=("${arm64[@]}")
		ports=(-serial chardev:out -serial chardev:console)
		tty=(ttyS1 ttyAMA0 '')
		;;
	*) die "there is no machine $1, but pc, virt and raspi3b" ;;
	esac
}

# The guest has everything in memory.
diskless() {
	[ "$1" = raspi3b ]
}

# Writes $log/initramfs for the kernel $1 on the machine $2; $log/job goes into
# it.
initramfs() {
	local v=$1 machine=$2 log=$3 tmp=$3/initramfs.d guest=$root dir mod path mods
	mods=(9p 9pnet_virtio virtio_pci virtio-rng configfs)
	# Without it the board can be neither switched off nor reset.
	! diskless "$machine" || mods=(configfs bcm2835_wdt bcm2835-rng)
	[ "$(arch "$v")" = amd64 ] || guest=$sysroot
	dir=$guest/usr/lib/modules/$v
	mkdir -p "$tmp/lab/modules" "$log/job"
	cp "$guest/usr/bin/busybox" "$tmp/lab/busybox"
	cp -r "$log/job" "$tmp/lab/job"
	cp "$repo/tests/lab/init" "$tmp/init"
	chmod 755 "$tmp/init"
	# One line a module, it first and what it needs behind it; none if built in.
	for mod in "${mods[@]}"; do
		sed -n "/\/$mod\.ko[.a-z]*:/s/://p" "$dir/modules.dep" | tr ' ' '\n' | tac
	done | awk '!seen[$0]++' | while read -r path; do
		mod=${path##*/}
		mod=${mod%%.*}.ko
		case $path in
		*.xz) "$root/bin/busybox" xzcat "$dir/$path" ;;
		*.ko) cat "$dir/$path" ;;
		*) die "$v has $path, a kind of module the lab cannot unpack" ;;
		esac > "$tmp/lab/modules/$mod"
		echo "$mod" >> "$tmp/lab/modules/order"
	done
	! diskless "$machine" || carry "$v" "$tmp/src"
	{
		! diskless "$machine" || cat "$sysroot/lab/cpio"
		(cd "$tmp" && find . | "$root/bin/busybox" cpio -o -H newc)
	} > "$log/initramfs" 2> "$log/qemu.log"
	rm -rf "$tmp"
}

# Copies to $2 what suites use of the repository.
carry() {
	mkdir -p "$2"
	(
		cd "$repo" &&
			find tests/lab tests/suites "build/$1/src" build/common/src/bpf/drivers \
				build/common/src/tests/drivers build/common/src/tests/reject \
				build/common-arm64/src/user/chrext \
				build/common-arm64/src/tests/progs -type f \( -name '*.ko' -o \
				-name '*.bpf.o' -o -perm /1 -o -path 'tests/*' \) \
				-exec cp -p --parents -t "$2" {} +
	)
}

# Writes $log/dtb for the kernel $1 on the machine $2, if it needs one: its
# device tree with the overlay $3 applied, as the firmware of boards does.
device_tree() {
	local v=$1 machine=$2 overlay=$3 log=$4 base=$4/base.dtb hw ports tty
	case $machine in
	raspi3b)
		cp "$sysroot/usr/lib/linux-image-$v/broadcom/bcm2837-rpi-3-b.dtb" "$base"
		;;
	*)
		[ -n "$overlay" ] || return 0
		[ "$machine" = virt ] || die "$machine has no device tree for $overlay"
		machine virt
		"${hw[@]}" -machine "dumpdtb=$base" -nodefaults -display none 2> "$log/qemu.log" ||
			die "cannot get the device tree of $machine: see $log/qemu.log"
		;;
	esac
	# shellcheck disable=SC2016
	in_root "$root" ro sh -ec '
		cat > /tmp/dtb
		case $1 in
		# Bluetooth would take the port.
		raspi3b) fdtput -t s /tmp/dtb /soc/serial@7e201000/bluetooth status disabled ;;
		# The name that it has on the other board.
		virt) fdtput -p -t s /tmp/dtb /__symbols__ gpio /pl061@9030000 ;;
		esac
		if [ -n "$3" ]; then
			cpp -nostdinc -undef -P -x assembler-with-cpp \
				-I "/arm64/usr/lib/modules/$2/source/include" - <&3 |
				dtc -q -@ -I dts -O dtb -o /tmp/dtbo -
			fdtoverlay -i /tmp/dtb -o /tmp/new /tmp/dtbo
			mv /tmp/new /tmp/dtb
		fi
		cat /tmp/dtb
	' sh "$machine" "$v" "$overlay" < "$base" 3< "${overlay:-/dev/null}" > "$log/dtb" ||
		die "cannot apply $overlay to the device tree of $machine"
	rm "$base"
}

# qemu KERNEL MACHINE LOGDIR TIMEOUT CMDLINE OPTIONS...: becomes QEMU; OPTIONS
# say what the chardevs console, out and err are.
qemu() {
	local v=$1 machine=$2 log=$3 limit=$4 cmdline=$5 guest=$root hw ports tty more=()
	shift 5
	machine "$machine"
	[ "$(arch "$v")" = amd64 ] || guest=$sysroot
	diskless "$machine" || more=(-device virtio-rng-pci
		-virtfs "local,path=$guest,mount_tag=root,security_model=none,readonly=on,multidevs=remap"
		-virtfs "local,path=$repo,mount_tag=src,security_model=none,readonly=on,multidevs=remap")
	[ ! -e "$log/dtb" ] || more+=(-dtb "$log/dtb")
	# Init finds in its environment what the kernel does not know.
	cmdline="LAB_CONSOLE=${tty[0]} LAB_OUT=${tty[1]} LAB_ERR=${tty[2]} $cmdline"
	# A timer of a guest that gets no CPU for a while does work all the same.
	[ "$machine" != pc ] || cmdline+=' no_timer_check'
	# A guest must not outlive the lab, however the lab ends.
	exec setpriv --pdeathsig TERM timeout --foreground -k 5 "$limit" \
		setpriv --pdeathsig KILL "${hw[@]}" \
		-no-user-config -nodefaults -nographic -no-reboot \
		-kernel "$guest/usr/lib/modules/$v/vmlinuz" -initrd "$log/initramfs" \
		-append "console=${tty[0]} loglevel=7 ignore_loglevel panic=-1 oops=panic $cmdline" \
		"$@" "${ports[@]}" "${more[@]}"
}

# The script's exit status in the run in the directory $1; nothing if the guest
# did not get that far. The line before is asked for, as a script may print
# anything.
verdict() {
	tail -n 2 "$1/stdout" |
		sed -n -e '1{/^taint: [0-9]\+$/!q}' -e '2s/^verdict: \([0-9]\+\)$/\1/p'
}

# What is wrong with the run in the directory $1, a line each; nothing if
# nothing is.
judge() {
	local log=$1 verdict taint
	verdict=$(verdict "$log")
	taint=$(sed -n 's/^taint: //p' "$log/stdout" | tail -n 1)
	if [ -e "$log/timeout" ]; then
		echo "no end after $(cat "$log/timeout") s: see $log/console.log"
	elif [ -z "$verdict" ]; then
		echo "the guest gave no verdict: see $log/console.log"
		cat "$log/qemu.log"
		tail -n 5 "$log/console.log" | tr -d '\r'
	elif [ $((taint & bad_taint)) -ne 0 ]; then
		echo "the kernel is tainted ($taint): see $log/console.log"
	fi
	if grep -aqE "$bad_log" "$log/console.log"; then
		echo "the kernel complained: see $log/console.log"
		grep -anE "$bad_log" "$log/console.log" | tr -d '\r' | head -n 20
	fi
}

# Kernels under TCG stop now and then where they switch to another clock, or take
# the leap of it for a stall, long before there is a module of ours. Ends the QEMU
# with the pid $2 if its kernel has not come to its init after a minute, or has
# complained by then.
watch_boot() {
	local i
	for ((i = 0; i < 60 * ${LAB_SLOW:-1}; i++)); do
		sleep 1
		kill -0 "$2" 2> /dev/null || return 0
		grep -aq 'Run /init as init process' "$1/console.log" || continue
		sed '/Run \/init as init process/q' "$1/console.log" |
			grep -aqE "$bad_log" || return 0
		break
	done
	touch "$1/stuck"
	kill "$2"
}

# boot KERNEL MACHINE OVERLAY LOGDIR TIMEOUT CMDLINE SCRIPT ARGS...: runs a script
# in a guest and prints what it prints. judge says how it went. NAME.host beside
# a NAME.sh runs meanwhile on the host, with the socket of QEMU's monitor as its
# argument; it gets each line of the guest that begins with "witness: " and what
# it says goes to the guest.
boot() {
	local v=$1 machine=$2 overlay=$3 log=$4 limit=$5 cmdline=$6 script=$7
	local argv=() filter status try self host witness='' asked answered out more=()
	shift 7
	script=$(realpath "$script")
	[ -f "$script" ] || die "there is no script $script"
	rm -rf "$log"
	mkdir -p "$log/job"
	: > "$log/console.log"
	host=${script%.sh}.host
	[ -x "$script" ] || argv=(bash)
	if [[ $script == "$repo"/* ]] && ! diskless "$machine"; then
		script=/src/${script#"$repo/"}
	else
		cp -p "$script" "$log/job/script"
		script=/run/lab/script
	fi
	printf '%s\0' env "LAB_KERNEL=$v" "LAB_MACHINE=$machine" \
		"LAB_SLOW=${LAB_SLOW:-1}" "${argv[@]}" "$script" "$@" > "$log/job/argv"
	initramfs "$v" "$machine" "$log"
	device_tree "$v" "$machine" "$overlay" "$log"
	# What is for the lab and not for the reader.
	filter=(-e '/^taint: [0-9]*$/d' -e '/^verdict: [0-9]*$/d')
	! diskless "$machine" ||
		filter+=(-e '/^stderr: /{' -e 's///' -e "w $log/stderr" -e d -e '}')
	out=file,id=out,path=/dev/fd/3
	if [ -e "$host" ]; then
		mkfifo "$log/questions" "$log/out.in"
		# For both directions: nobody waits for, or stumbles over, the other end.
		exec {asked}<> "$log/questions" {answered}<> "$log/out.in"
		filter+=(-e '/^witness: /{' -e 's///' -e "w $log/questions" -e d -e '}')
		# out.in and out.out, to QEMU.
		ln -s /dev/fd/3 "$log/out.out"
		out=pipe,id=out,path=out
		# A socket's path may not be as long as that of $log.
		more=(-chardev "socket,id=monitor,path=monitor,server=on,wait=off" -mon monitor)
	fi
	for try in 1 2 3; do
		status=0
		if [ -e "$host" ]; then
			setpriv --pdeathsig KILL "$host" "$log/monitor" <&"$asked" >&"$answered" \
				2> "$log/witness.log" &
			witness=$!
		fi
		(
			cd "$log"
			exec 3>&1 > "$log/qemu.log" 2>&1 < /dev/null
			self=$BASHPID
			watch_boot "$log" "$self" 3>&- &
			qemu "$v" "$machine" "$log" "$limit" "$cmdline" \
				-chardev "file,id=console,path=$log/console.log" \
				-chardev "$out" -chardev "file,id=err,path=$log/stderr" "${more[@]}"
		) | tee "$log/stdout" | sed -u "${filter[@]}" || status=$?
		[ -z "$witness" ] || kill "$witness" 2> /dev/null || :
		# One that has panicked by then is gone by itself.
		[ "$try" -lt 3 ] || break
		[ -e "$log/stuck" ] || sed '/Run \/init as init process/q' "$log/console.log" |
			grep -aq 'Kernel panic' || break
		mv "$log/console.log" "$log/console.stuck$try.log"
		rm -f "$log/stuck"
		say "the kernel was stuck or complained before its init, booting it again: see $log/console.stuck$try.log"
	done
	rm -f "$log/initramfs" "$log/questions" "$log/monitor" "$log"/out.*
	case $status in
	124 | 137) echo "$limit" > "$log/timeout" ;;
	esac
}
