# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154
#
# Boots a kernel of the root in QEMU. Sourced by lab.

# Any of these in the kernel's log fails a run.
bad_log='WARNING:|BUG:|\bOops\b|general protection|[Kk]ernel panic|KASAN:|UBSAN:|KCSAN:'
bad_log+='|possible recursive locking|possible circular locking|inconsistent lock state'
bad_log+='|suspicious RCU usage|rcu: INFO:|INFO: rcu_|hung task|blocked for more than'
bad_log+='|scheduling while atomic|sleeping function called|soft lockup|hard LOCKUP'
bad_log+='|refcount_t:|unchecked MSR|list_(add|del) corruption|held lock freed'
bad_log+='|Unable to handle|BTF mismatch|failed to validate module'
# So do the bits for bad page, oops, warning and soft lockup of
# /proc/sys/kernel/tainted: the log can lose lines, this cannot.
bad_taint=$((1 << 5 | 1 << 7 | 1 << 9 | 1 << 14))

# The accelerator for a guest whose CPUs run in $1 ("threads" or nothing). One
# thread for both CPUs is the default: two such guests keep two host CPUs busy.
# A thread for each CPU is for suites that test races between CPUs.
accel() {
	if grep -Eqw 'vmx|svm' /proc/cpuinfo && [ -w /dev/kvm ]; then
		echo kvm
	elif [ "$1" = threads ]; then
		echo tcg,thread=multi
	else
		echo tcg,thread=single
	fi
}

# The machine for a kernel unless another is asked for.
machine_for() {
	case $(arch "$1") in
	amd64) echo pc ;;
	arm64) echo virt ;;
	esac
}

# Sets $emulator: the root's own QEMU for $1, whatever the host has. QEMU 7.2 with
# a thread for each CPU lets one run code that the other is patching, and kernels
# stop with "int3"; QEMU 10 does not.
emulator() {
	emulator=("$root/usr/lib64/ld-linux-x86-64.so.2"
		--library-path "$root/usr/lib/x86_64-linux-gnu"
		"$root/usr/bin/qemu-system-$1" -L "$root/usr/share/qemu"
		-L "$root/usr/share/seabios")
}

# Sets the arguments of QEMU for the machine $1 with CPUs in $2 (see accel): $hw,
# and $ports, which expect the chardevs console, out and err; and $tty, their
# names in the guest.
machine() {
	local emulator
	tty=(ttyS0 ttyS1 ttyS2)
	case $1 in
	pc)
		emulator x86_64
		hw=("${emulator[@]}" -machine q35 -accel "$(accel "$2")" -cpu "${LAB_CPU:-max}"
			-smp 2 -m "${LAB_MEM:-1G}")
		ports=(-serial chardev:console -serial chardev:out -serial chardev:err)
		;;
	virt)
		emulator aarch64
		# Not its own port: that one receives nothing more when more than its
		# FIFO holds came before Linux listens.
		hw=("${emulator[@]}" -machine virt -accel "tcg,thread=single"
			-cpu cortex-a72 -smp 2 -m "${LAB_MEM:-1G}")
		ports=(-device "pci-serial,chardev=console" -device "pci-serial,chardev=out"
			-device "pci-serial,chardev=err")
		;;
	raspi3b)
		emulator aarch64
		# Its CPUs and memory are fixed. It has two ports; at times the second
		# sends an X of its own.
		hw=("${emulator[@]}" -machine raspi3b -accel "tcg,thread=single")
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
	[ -z "$guest_disk" ] || mods+=(virtio_blk crc32c_generic ext4)
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
		machine virt ''
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

# qemu KERNEL MACHINE CPUS LOGDIR CMDLINE OPTIONS...: becomes QEMU; OPTIONS define
# the chardevs console, out and err.
qemu() {
	local v=$1 machine=$2 cpus=$3 log=$4 cmdline=$5 guest=$root hw ports tty more=() start
	shift 5
	machine "$machine" "$cpus"
	[ "$(arch "$v")" = amd64 ] || guest=$sysroot
	diskless "$machine" || more=(-device virtio-rng-pci
		-virtfs "local,path=${guest_root:-$guest},mount_tag=root,security_model=none,readonly=on,multidevs=remap"
		-virtfs "local,path=$repo,mount_tag=src,security_model=none,readonly=on,multidevs=remap")
	if [ -n "$guest_disk" ]; then
		more+=(-drive "file=$guest_disk,format=raw,if=virtio,cache=unsafe")
		cmdline="LAB_DISK=/dev/vda $cmdline"
	fi
	[ ! -e "$log/dtb" ] || more+=(-dtb "$log/dtb")
	# Init finds in its environment what the kernel does not know.
	cmdline="LAB_CONSOLE=${tty[0]} LAB_OUT=${tty[1]} LAB_ERR=${tty[2]} $cmdline"
	# A guest that gets no CPU for a while fails the test of its timer.
	[ "$machine" != pc ] || cmdline+=' no_timer_check'
	cmdline="console=${tty[0]} loglevel=7 ignore_loglevel panic=-1 oops=panic $cmdline"
	if [ -n "$guest_efi" ]; then
		efi_start "$guest/usr/lib/modules/$v/vmlinuz" "$log" "$cmdline"
	else
		start=(-kernel "$guest/usr/lib/modules/$v/vmlinuz" -initrd "$log/initramfs"
			-append "$cmdline")
	fi
	# A guest must not outlive the lab, however the lab ends.
	exec setpriv --pdeathsig KILL "${hw[@]}" \
		-no-user-config -nodefaults -nographic -no-reboot \
		"$@" "${ports[@]}" "${more[@]}" "${start[@]}"
}

# A guest runs jobs one after another until one fails. The directory of a guest
# holds job/ for the guest, the raw streams console, out and err, and a directory
# NAME for each job:
#
#   stdout, stderr, console.log   its part of the three streams
#   verdict                       its exit status, if it came to its end
#   taint, ms                     /proc/sys/kernel/tainted then, and its time
#   timeout                       the limit in seconds that it exceeded
#
# In the streams a line of a random token marks where a job begins and ends, so
# that no job can print it by chance.

# guest_new DIR
guest_new() {
	rm -rf "$1"
	mkdir -p "$1/job"
	printf '%s' "lab-$RANDOM-$RANDOM-$RANDOM" > "$1/job/token"
	printf '%s' "$bad_log" > "$1/job/bad_log"
	printf '%s' "$bad_taint" > "$1/job/bad_taint"
	: > "$1/job/list"
}

# job DIR KERNEL MACHINE NAME LIMIT SCRIPT ARGS...: adds a job to a new guest.
job() {
	local dir=$1 v=$2 machine=$3 name=$4 limit=$5 script=$6 argv=()
	shift 6
	script=$(realpath "$script")
	[ -f "$script" ] || die "there is no script $script"
	[ -x "$script" ] || argv=(bash)
	if [[ $script == "$repo"/* ]] && ! diskless "$machine"; then
		script=/src/${script#"$repo/"}
	else
		cp -p "$script" "$dir/job/$name.script"
		script=/run/lab/$name.script
	fi
	printf '%s\0' env "LAB_KERNEL=$v" "LAB_MACHINE=$machine" \
		"LAB_SLOW=${LAB_SLOW:-1}" "${argv[@]}" "$script" "$@" > "$dir/job/$name.argv"
	echo "$name $limit" >> "$dir/job/list"
}

# Ends the QEMU with the pid $2 when the guest in $1 takes too long. A kernel under
# TCG stops now and then where it switches to another clock, or takes the leap of
# it for a stall, long before any module of ours is loaded: $1/stuck marks a
# kernel that did not reach its init within a minute, or complained before. Otherwise
# $1/late names the job that exceeded its limit.
watch_guest() {
	local dir=$1 pid=$2 token since=$SECONDS now current='' limit=$((60 * ${LAB_SLOW:-1}))
	token=$(< "$dir/job/token")
	[ -z "$guest_efi" ] || limit=$((limit * 3))
	while sleep 1; kill -0 "$pid" 2> /dev/null; do
		if [ -z "$current" ] && grep -aq 'Run /init as init process' "$dir/console" &&
			sed '/Run \/init as init process/q' "$dir/console" | grep -aqE "$bad_log"; then
			break
		fi
		now=$(grep -a "^$token begin " "$dir/out" | tail -n 1) || :
		if [ "$now" != "$current" ]; then
			current=$now since=$SECONDS
			now=${now##* }
			limit=$(sed -n "s/^${now%$'\r'} //p" "$dir/job/list")
		fi
		# No limit: a person has the guest.
		[ "$limit" = 0 ] || [ $((SECONDS - since)) -le "$limit" ] || break
	done
	kill -0 "$pid" 2> /dev/null || return 0
	if [ -z "$current" ]; then
		: > "$dir/stuck"
	else
		current=${current##* }
		echo "${current%$'\r'} $limit" > "$dir/late"
	fi
	kill "$pid"
	sleep 5
	kill -KILL "$pid" 2> /dev/null || :
}

# boot KERNEL MACHINE CPUS OVERLAY DIR CMDLINE [HOST]: boots a guest that runs the
# jobs of DIR, prints what they print, and takes the streams apart. The program
# HOST runs on the host meanwhile, with the socket of QEMU's monitor as its
# argument: its input is what follows "witness: " in lines of the guest, its
# output goes to the guest.
boot() {
	local v=$1 machine=$2 cpus=$3 overlay=$4 dir=$5 cmdline=$6 host=${7-}
	local filter token try self witness='' asked answered out more=()
	token=$(< "$dir/job/token")
	: > "$dir/console"
	initramfs "$v" "$machine" "$dir"
	device_tree "$v" "$machine" "$overlay" "$dir"
	# What is for the lab and not for the reader.
	filter=(-e "/^$token /d")
	! diskless "$machine" || filter+=(-e '/^stderr: /d')
	out=file,id=out,path=/dev/fd/3
	if [ -n "$host" ]; then
		mkfifo "$dir/questions" "$dir/out.in"
		# Open for both directions: neither end waits for the other to open, or
		# fails when it is gone.
		exec {asked}<> "$dir/questions" {answered}<> "$dir/out.in"
		filter+=(-e '/^witness: /{' -e 's///' -e "w $dir/questions" -e d -e '}')
		# out.in and out.out, to QEMU.
		ln -s /dev/fd/3 "$dir/out.out"
		out=pipe,id=out,path=out
		# The path of a socket may not be as long as that of $dir.
		more=(-chardev "socket,id=monitor,path=monitor,server=on,wait=off" -mon monitor)
	fi
	for try in 1 2 3; do
		if [ -n "$host" ]; then
			setpriv --pdeathsig KILL "$host" "$dir/monitor" <&"$asked" >&"$answered" \
				2> "$dir/witness.log" &
			witness=$!
		fi
		: > "$dir/out"
		(
			cd "$dir"
			exec 3>&1 > "$dir/qemu.log" 2>&1 < /dev/null
			self=$BASHPID
			watch_guest "$dir" "$self" 3>&- &
			qemu "$v" "$machine" "$cpus" "$dir" "$cmdline" \
				-chardev "file,id=console,path=$dir/console" \
				-chardev "$out" -chardev "file,id=err,path=$dir/err" "${more[@]}"
		) | tee "$dir/out" | sed -u "${filter[@]}" || :
		[ -z "$witness" ] || kill "$witness" 2> /dev/null || :
		# A guest that panicked before its init is gone by itself.
		[ "$try" -lt 3 ] || break
		[ -e "$dir/stuck" ] || sed '/Run \/init as init process/q' "$dir/console" |
			grep -aq 'Kernel panic' || break
		mv "$dir/console" "$dir/console.stuck$try"
		rm -f "$dir/stuck"
		report "the kernel was stuck or complained before its init, booting it again: see $dir/console.stuck$try"
	done
	rm -rf "$dir/initramfs" "$dir/esp" "$dir/questions" "$dir/monitor" "$dir"/out.*
	take_apart "$dir"
}

# Gives each job that began in the guest $1 its part of the streams. The first one
# also has what the kernel logged before, and answers for a guest that gets no
# further.
take_apart() {
	local dir=$1 token name limit first=''
	token=$(< "$dir/job/token")
	: >> "$dir/err"
	while read -r name limit; do
		[ -z "$first" ] || grep -aqE "^$token begin $name"$'\r?$' "$dir/out" || continue
		: "${first:=$name}"
		mkdir "$dir/$name"
		touch "$dir/$name"/{stdout,stderr,console.log}
	done < "$dir/job/list"
	LC_ALL=C awk -v token="$token" -v dir="$dir" -v first="$first" '
	FNR == 1 { name = first }
	{ sub(/\r$/, "") }
	index($0, token " ") {
		split(substr($0, index($0, token)), word, " ")
		if (word[2] == "begin") {
			name = word[3]
		} else {
			print word[3] > (dir "/" name "/verdict")
			print word[4] > (dir "/" name "/taint")
			print word[5] > (dir "/" name "/ms")
		}
		next
	}
	stream == "stdout" && sub(/^stderr: /, "") {
		print > (dir "/" name "/stderr")
		next
	}
	{ print > (dir "/" name "/" stream) }
	' stream=console.log "$dir/console" stream=stdout "$dir/out" stream=stderr "$dir/err"
	[ ! -e "$dir/late" ] || {
		read -r name limit < "$dir/late"
		echo "$limit" > "$dir/$name/timeout"
	}
}

# judge DIR GUEST: what is wrong with the job in DIR of the guest in GUEST, a line
# each; nothing if nothing is.
judge() {
	local dir=$1 taint=0
	[ ! -e "$dir/taint" ] || taint=$(< "$dir/taint")
	if [ -e "$dir/timeout" ]; then
		echo "no end after $(< "$dir/timeout") s: see $dir/console.log"
	elif [ ! -e "$dir/verdict" ]; then
		echo "the guest gave no verdict: see $dir/console.log"
		cat "$2/qemu.log"
		tail -n 5 "$dir/console.log"
	elif [ $((taint & bad_taint)) -ne 0 ]; then
		echo "the kernel is tainted ($taint): see $dir/console.log"
	fi
	if grep -aqE "$bad_log" "$dir/console.log"; then
		echo "the kernel complained: see $dir/console.log"
		grep -anE "$bad_log" "$dir/console.log" | head -n 20
	fi
}
