# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154
#
# Runs suites, a guest each, and makes one TAP stream of what they say. Sourced
# by lab. Comments at the head of a suite say how it wants to be run:
#
#   # timeout: SECONDS           120 without it
#   # machines: NAME...          pc, virt or raspi3b; see machines()
#   # overlay: dts/NAME.dtso     for the device tree; "# overlay virt: ..." is for
#                                that machine alone
#
# and NAME.host beside NAME.sh runs on the host meanwhile, see boot().

guests_at_once=2

# Reads the TAP of one guest; says it again with $1 before each description and
# without numbers, and adds a point if the plan is not met.
flatten() {
	awk -v who="$1" '
	/^(not )?ok( |$)/ {
		ok = $1 == "ok" ? "ok" : "not ok"
		sub(/^(not )?ok *[0-9]* *(- *)?/, "")
		print ok " - " who $0
		seen++
		next
	}
	/^1\.\.[0-9]+/ {
		plans++
		planned = substr($1, 4) + 0
		if (planned == 0) {
			sub(/^[^#]*# *(SKIP *)?/, "")
			print "ok - " who "everything # SKIP " $0
		}
		next
	}
	/^Bail out!/ { print "not ok - " who $0; next }
	/^#/ { print; next }
	/./ { print "# " $0 }
	END {
		if (plans != 1)
			print "not ok - " who "plan: there are " plans + 0 ", want one"
		else if (planned != seen + 0)
			print "not ok - " who "plan: " planned " points planned, " seen + 0 " seen"
	}'
}

# The value of the comment "# $1: VALUE" at the head of the suite $2.
header() {
	sed -n -e "s/^# $1: *//p" -e '/^[^#]/q' "$2" | head -n 1
}

# The machines on which the suite $1 runs, of those whose kernel KERNEL allows:
# without a word of its own the one for that kernel, and pc if there is a choice.
machines() {
	local named machine
	named=$(header machines "$1")
	case ${KERNEL:-all} in
	all) echo "${named:-pc}" ;;
	*)
		for machine in ${named:-$(machine_for "$KERNEL")}; do
			[ "$(arch "$machine")" != "$(arch "$KERNEL")" ] || echo "$machine"
		done
		;;
	esac
}

# One suite on one machine: its TAP goes to $4/tap.
suite_run() {
	local v=$1 machine=$2 path=$3 log=$4
	local who limit overlay why failures status start=$EPOCHREALTIME
	who="$v/$(basename "$log"): "
	limit=$(header timeout "$path")
	limit=$((${limit:-120} * ${LAB_SLOW:-1}))
	overlay=$(header "overlay $machine" "$path")
	overlay=${overlay:-$(header overlay "$path")}
	boot "$v" "$machine" "${overlay:+$repo/$overlay}" "$log" "$limit" '' "$path" > "$log.out"
	{
		flatten "$who" < "$log.out"
		rm -f "$log.out"
	} > "$log/tap"
	why=$(judge "$log")
	status=$(verdict "$log")
	failures=$(grep '^not ok' "$log/tap" || :)
	# A status that failed points explain is no news.
	if [ -z "$why$failures" ] && [ "$status" != 0 ]; then
		why="the suite ended with status $status: see $log/stderr"
	fi
	{
		if [ -z "$why" ]; then
			echo "ok - ${who}clean kernel log and verdict"
		else
			echo "not ok - ${who}clean kernel log and verdict"
			# shellcheck disable=SC2001
			sed 's/^/# /' <<< "$why"
		fi
		if [ -n "$why$failures" ]; then
			tail -n 30 "$log/stderr" | sed 's/^/# stderr: /'
		fi
		echo "# ${who}$(((${EPOCHREALTIME/./} - ${start/./}) / 1000000)) s"
	} >> "$log/tap"
}

# Numbers the points and counts them; the last line is the tally.
tally() {
	awk '
	/^ok - .*# *[Ss][Kk][Ii][Pp]/ {
		skipped[++skips] = substr($0, 6)
	}
	/^ok - / {
		if (!/# *[Ss][Kk][Ii][Pp]/) passed++
		sub(/^ok/, "ok " ++n)
	}
	/^not ok - / {
		failures[++failed] = substr($0, 10)
		sub(/^not ok/, "not ok " ++n)
	}
	/^end$/ { ended = 1; next }
	{ print; fflush() }
	END {
		if (!ended) {
			failures[++failed] = "the lab broke off"
			print "not ok " ++n " - " failures[failed]
		}
		print "1.." n + 0
		for (i = 1; i <= skips; i++) print "# SKIPPED: " skipped[i]
		for (i = 1; i <= failed; i++) print "# FAILED: " failures[i]
		printf "%d passed, %d failed\n", passed, failed
		exit (failed || !passed)
	}'
}

# The path of the suite $1: a path, or a name in tests/suites.
suite_path() {
	local path
	for path in "$1" "$repo/tests/suites/$1" "$repo/tests/suites/$1.sh"; do
		[ -f "$path" ] && realpath "$path" && return
	done
	die "there is no suite $1"
}

# Every suite of "$@" (all, without any) on every machine and kernel wanted.
run_suites() {
	local v wanted='' path log pid machine paths=() built=() running=0
	local -A logof=() machines=()
	if [ $# -eq 0 ]; then
		paths=("$repo"/tests/suites/*.sh)
	else
		for path; do
			path=$(suite_path "$path")
			paths+=("$path")
		done
	fi
	for path in "${paths[@]}"; do
		machines[$path]=$(machines "$path" | xargs)
		[ -n "${machines[$path]}" ] ||
			echo "# $(basename "$path" .sh) is for $(header machines "$path"), not for KERNEL=$KERNEL"
	done
	if [[ " ${machines[*]} " == *" pc "* ]]; then
		wanted=$(kernels "${KERNEL:-all}")
	fi
	if [ "$(arch "${machines[*]}")" = arm64 ]; then
		sysroot_ready
		wanted+=" $(kernels arm64)"
	fi
	if ! build_common || { [ -n "$sysroot" ] && ! build_arm64; }; then
		echo "not ok - build of the loader, drivers and test programs"
		echo end
		return
	fi
	for v in $wanted; do
		if build_kernel "$v" && {
			[ "$(arch "$v")" != amd64 ] ||
				! grep -qx '# wants: bare' "${paths[@]}" || build_bare "$v"
		}; then
			built+=("$v")
		else
			echo "not ok - $v: build of the module"
		fi
	done

	reap() {
		wait -n -p pid || :
		running=$((running - 1))
		cat "${logof[$pid]}/tap" ||
			echo "not ok - ${logof[$pid]}: the guest left no result"
	}
	for v in "${built[@]}"; do
		mkdir -p "$logs/$v"
		for path in "${paths[@]}"; do
			for machine in ${machines[$path]}; do
				[ "$(arch "$machine")" = "$(arch "$v")" ] || continue
				[ $running -lt $guests_at_once ] || reap
				log=$logs/$v/$(basename "$path" .sh)
				[ "$machine" = "$(machine_for "$v")" ] || log+=-$machine
				rm -rf "$log"
				suite_run "$v" "$machine" "$path" "$log" &
				logof[$!]=$log
				running=$((running + 1))
			done
		done
	done
	while [ $running -gt 0 ]; do
		reap
	done
	echo end
}

suites() {
	run_suites "$@" | tally
}
