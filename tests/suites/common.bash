# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What the suites share, beyond TAP. Builtins where it goes: a process costs
# 0.1 s in the guest.

. "$SRC/tests/lab/tap.sh"

pins=/sys/fs/bpf/chr_ext
class=/sys/class/chr_ext
drivers=/sys/bus/platform/drivers
# How many times slower this guest may be than others.
: "${LAB_SLOW:=1}"

# timeout SECONDS CMD...: as many more as the guest is slower.
timeout() {
	command timeout $(($1 * LAB_SLOW)) "${@:2}"
}

bail() {
	echo "Bail out! $*"
	exit 1
}

# exits STATUS DESC CMD...
exits() {
	local want=$1 desc=$2 status=0
	shift 2
	tap_run "$@" || status=$?
	if [ $status -eq "$want" ]; then
		pass "$desc"
	else
		fail "$desc" "exit status $status, not $want, of: $*
$tap_output"
	fi
}

# call PATH FLAGS OP...: what system calls give, see tests/progs/call.c.
call() {
	"$PROGS/call" "$@"
}

# witness QUESTION...: the answer of this suite's .host, which runs outside of the
# guest. In a shell of its own, so that the port does not become this one's
# terminal.
witness() (
	echo "witness: $*" > "/dev/$LAB_OUT"
	IFS= read -r -t $((20 * LAB_SLOW)) answer < "/dev/$LAB_OUT" ||
		answer="no answer to $*"
	echo "$answer"
)

# text FILE: its contents without the newline at the end, in $text.
text() {
	IFS= read -r -d '' text < "$1" || :
	text=${text%$'\n'}
}

# count DEVICE WHAT: a counter of a device.
count() {
	cat "$class/$1/statistics/$2"
}

# bpftool ARG...: its 255 is a plain failure; a crash is still a crash.
bpftool_quietly() {
	local status=0
	bpftool "$@" || status=$?
	[ $status -ne 255 ] || status=1
	return $status
}

# refcount: that of the module.
refcount() {
	cat /sys/module/chr_ext/refcnt
}

# points PROGRAM ARG...: its points as ours.
points() {
	local line planned='' seen=0 status=0
	while IFS= read -r line; do
		case $line in
		ok\ *) pass "${line#ok * - }"; seen=$((seen + 1)) ;;
		not\ ok\ *) fail "${line#not ok * - }"; seen=$((seen + 1)) ;;
		1..*) planned=${line#1..} ;;
		Bail*) fail "$line" ;;
		'#'*) echo "$line" ;;
		*) echo "# $line" ;;
		esac
	done < <("$@" 2>&1 || echo "# exit status $?")
	[ "$planned" = "$seen" ] || fail "$1 comes to its end"
}

# soon CMD...: CMD comes true within some seconds.
soon() {
	local i
	for ((i = 0; i < 60 * LAB_SLOW; i++)); do
		"$@" && return
		sleep 0.1
	done
	return 1
}

# The refusals that the module logged.
refusals() {
	dmesg | grep -a 'chr_ext: .*: refused: '
}

dir_empty() {
	local found
	found=$(shopt -s nullglob; echo "$1"/*)
	[ -z "$found" ]
}

# The numbers of BPF programs, maps and links that there are.
bpf_objects() {
	"$PROGS/objects"
}

bpf_as_before() {
	[ "$(bpf_objects)" = "$bpf_before" ]
}

unused() {
	local n
	read -r n < /sys/module/chr_ext/refcnt
	[ "$n" -eq 0 ]
}

# Nothing of any driver is left, now or very soon.
nothing_left() {
	local d
	if ! dir_empty "$pins"; then
		ls -l "$pins"
		return 1
	fi
	# Devices are links to directories, the class has attributes beside them.
	for d in "$class"/*/ "$drivers"/chr_ext.* /sys/bus/platform/devices/chr_ext.*; do
		if [ -e "$d" ]; then
			echo "there is $d"
			return 1
		fi
	done
	if ! soon unused; then
		echo "the module is still in use: $(refcount)"
		return 1
	fi
	if ! soon bpf_as_before; then
		echo "programs, maps, links: $bpf_before before, now $(bpf_objects)"
		return 1
	fi
}

# stress OBJECT NODE: system calls of all kinds on a node, for half a minute.
# stress-ng opens, maps and closes it, and does not read, write or ioctl.
stress() {
	local hammer
	ok "$2: loads" chrext load "$DRIVERS/$1.bpf.o"
	timeout 60 "$PROGS/hammer" "/dev/$2" 30 > /tmp/hammered &
	hammer=$!
	ok "$2: stress-ng --dev passes" timeout 120 \
		stress-ng --dev 4 --dev-file "/dev/$2" -t 30 --temp-path /tmp
	wait $hammer
	points cat /tmp/hammered
	like "$2: it did something" "$(cat "$class/$2/statistics/opens")" '^[1-9]'
	ok "$2: still works" call "/dev/$2" rw w:x r:1
	is "$2: no op returned nonsense" "$(count "$2" bad_returns)" 0
	ok "$2: goes" chrext unload "$2"
}

# The end of each suite.
finish() {
	ok "nothing is left: nodes, drivers, pins, references, BPF objects" \
		nothing_left
	ok "the module can be unloaded" soon rmmod chr_ext
	[ -z "${reports-}" ] ||
		is "the sanitizers report nothing" "$(cat $reports.* 2> /dev/null)" ""
	done_testing
}

# The loader of LAB_SANITIZE.
if [ -x /src/build/sanitized/src/user/chrext ]; then
	PATH=/src/build/sanitized/src/user:$PATH
	reports=/tmp/sanitizer
	export ASAN_OPTIONS=log_path=$reports UBSAN_OPTIONS=print_stacktrace=1
fi

bpf_before=$(bpf_objects)
insmod "$MODULE" || bail "the module does not load"
