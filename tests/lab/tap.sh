# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# For suites: . "$SRC/tests/lab/tap.sh"; then tests; then done_testing.
# A suite that begins with "plan N" needs no done_testing.

tap_count=0
tap_failed=0
tap_planned=

plan() {
	tap_planned=$1
	echo "1..$1"
	trap 'tap_exit $?' EXIT
}

done_testing() {
	[ -n "$tap_planned" ] || echo "1..$tap_count"
	exit $((tap_failed > 0))
}

tap_exit() {
	[ "$1" -ne 0 ] || [ "$tap_failed" -eq 0 ] || exit 1
	exit "$1"
}

# Lines that explain, on the TAP stream.
diag() {
	printf '%s\n' "$*" | sed 's/^/# /'
}

pass() {
	tap_count=$((tap_count + 1))
	echo "ok $tap_count - $1"
}

# fail DESC [WHY...]
fail() {
	tap_count=$((tap_count + 1))
	tap_failed=$((tap_failed + 1))
	echo "not ok $tap_count - $1"
	shift
	[ $# -eq 0 ] || diag "$*"
}

# skip DESC WHY
skip() {
	tap_count=$((tap_count + 1))
	echo "ok $tap_count - $1 # SKIP $2"
}

# skip_all WHY: nothing of the suite can run here.
skip_all() {
	echo "1..0 # SKIP $1"
	trap - EXIT
	exit 0
}

# Runs a command in this shell, with what it prints in $tap_output: what it
# opens or sets stays. Builtins only, as a process costs 0.1 s in the guest.
tap_run() {
	local status=0
	"$@" > "/tmp/tap.$$" 2>&1 || status=$?
	IFS= read -r -d '' tap_output < "/tmp/tap.$$" || :
	return $status
}

# ok DESC CMD...: CMD succeeds.
ok() {
	local desc=$1 status=0
	shift
	tap_run "$@" || status=$?
	if [ $status -eq 0 ]; then
		pass "$desc"
	else
		fail "$desc" "exit status $status of: $*
$tap_output"
	fi
}

# fails DESC CMD...: CMD runs and fails. A command that does not exist, or dies of
# a signal, does not count.
fails() {
	local desc=$1 status=0
	shift
	tap_run "$@" || status=$?
	if [ $status -ge 1 ] && [ $status -le 125 ]; then
		pass "$desc"
	else
		fail "$desc" "exit status $status of: $*
$tap_output"
	fi
}

# is DESC GOT WANT
is() {
	if [ "$2" = "$3" ]; then
		pass "$1"
	else
		fail "$1" "got:  $2
want: $3"
	fi
}

# like DESC GOT REGEX (of bash)
like() {
	if [[ $2 =~ $3 ]]; then
		pass "$1"
	else
		fail "$1" "got:  $2
want: a match of $3"
	fi
}
