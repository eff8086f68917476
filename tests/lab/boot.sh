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

# Writes $log/initramfs for the kernel $1; $log/job goes into it.
initramfs() {
	local v=$1 log=$2 dir=$root/usr/lib/modules/$1 tmp=$2/initramfs.d mod path
	mkdir -p "$tmp"/{bin,dev,proc,newroot,modules} "$log/job"
	cp "$root/bin/busybox" "$tmp/bin/busybox"
	cp -r "$log/job" "$tmp/job"
	cp "$repo/tests/lab/init" "$tmp/init"
	chmod 755 "$tmp/init"
	# One line a module, it first and what it needs behind it; none if built in.
	for mod in 9p 9pnet_virtio virtio_pci virtio-rng configfs; do
		sed -n "/\/$mod\.ko[.a-z]*:/s/://p" "$dir/modules.dep" | tr ' ' '\n' | tac
	done | awk '!seen[$0]++' | while read -r path; do
		mod=${path##*/}
		mod=${mod%%.*}.ko
		case $path in
		*.xz) "$root/bin/busybox" xzcat "$dir/$path" ;;
		*.ko) cat "$dir/$path" ;;
		*) die "$v has $path, a kind of module the lab cannot unpack" ;;
		esac > "$tmp/modules/$mod"
		echo "$mod" >> "$tmp/modules/order"
	done
	(cd "$tmp" && find . | "$root/bin/busybox" cpio -o -H newc) \
		> "$log/initramfs" 2> "$log/qemu.log"
	rm -rf "$tmp"
}

# qemu KERNEL LOGDIR TIMEOUT CMDLINE OPTIONS...: becomes QEMU.
qemu() {
	local v=$1 log=$2 limit=$3 cmdline=$4
	shift 4
	# A guest must not outlive the lab, however the lab ends.
	exec setpriv --pdeathsig TERM timeout --foreground -k 5 "$limit" \
		setpriv --pdeathsig KILL qemu-system-x86_64 \
		-no-user-config -nodefaults -nographic -no-reboot \
		-machine q35 -accel "$(accel)" -cpu "${LAB_CPU:-max}" -smp 2 -m "${LAB_MEM:-1G}" \
		-kernel "$root/usr/lib/modules/$v/vmlinuz" -initrd "$log/initramfs" \
		-append "console=ttyS0 loglevel=7 ignore_loglevel panic=-1 oops=panic $cmdline" \
		-virtfs "local,path=$root,mount_tag=root,security_model=none,readonly=on,multidevs=remap" \
		-virtfs "local,path=$repo,mount_tag=src,security_model=none,readonly=on,multidevs=remap" \
		-device virtio-rng-pci "$@"
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

# boot KERNEL LOGDIR TIMEOUT CMDLINE SCRIPT ARGS...: runs a script in a guest
# and prints what it prints. judge says how it went.
boot() {
	local v=$1 log=$2 limit=$3 cmdline=$4 script=$5 argv=() status try self
	shift 5
	script=$(realpath "$script")
	[ -f "$script" ] || die "there is no script $script"
	rm -rf "$log"
	mkdir -p "$log/job"
	: > "$log/console.log"
	[ -x "$script" ] || argv=(bash)
	if [[ $script == "$repo"/* ]]; then
		script=/src/${script#"$repo/"}
	else
		cp -p "$script" "$log/job/script"
		script=/run/lab/script
	fi
	printf '%s\0' env "LAB_KERNEL=$v" "LAB_SLOW=${LAB_SLOW:-1}" "${argv[@]}" "$script" "$@" > "$log/job/argv"
	initramfs "$v" "$log"
	for try in 1 2 3; do
		status=0
		(
			exec 3>&1 > "$log/qemu.log" 2>&1 < /dev/null
			self=$BASHPID
			watch_boot "$log" "$self" 3>&- &
			qemu "$v" "$log" "$limit" "$cmdline" \
				-serial "file:$log/console.log" -serial file:/dev/fd/3 \
				-serial "file:$log/stderr"
		) | tee "$log/stdout" | sed -u -e '/^taint: [0-9]*$/d' -e '/^verdict: [0-9]*$/d' ||
			status=$?
		[ -e "$log/stuck" ] && [ "$try" -lt 3 ] || break
		mv "$log/console.log" "$log/console.stuck$try.log"
		rm "$log/stuck"
		say "the kernel was stuck or complained before its init, booting it again: see $log/console.stuck$try.log"
	done
	rm -f "$log/initramfs"
	case $status in
	124 | 137) echo "$limit" > "$log/timeout" ;;
	esac
}
