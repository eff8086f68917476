# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154
#
# Runs suites in guests and prints one KTAP stream (the kernel's
# Documentation/dev-tools/ktap.rst): a test for each suite on each kernel, with
# the suite's points as its subtests; the last line is the tally of the points.
# Sourced by lab. Comments at the head of a suite declare what it needs:
#
#   # timeout: SECONDS           120 without it
#   # machines: NAME...          pc, virt or raspi3b, see machines(); or host: no
#                                guest at all
#   # overlay: dts/NAME.dtso     for the device tree; "# overlay virt: ..." is for
#                                that machine alone
#   # smp: threads               a host thread for each CPU of the guest
#   # guest: own                 shares its guest with no other suite
#   # also: VARIANT...           further runs of it: with threadirqs on the kernel's
#                                command line, or (KERNEL=all only) on rt, Debian's
#                                kernel with PREEMPT_RT
#   # wants: bare                the module without families, see build_bare()
#
# and NAME.host beside NAME.sh runs on the host meanwhile, see boot().

# Host CPUs to keep busy: a guest takes one, or two with threads.
host_cpus=2
# A boot takes as long as many a suite.
suites_a_guest=${LAB_BATCH:-6}

# The value of the comment "# $1: VALUE" at the head of the suite $2.
header() {
	sed -n -e "s/^# $1: *//p" -e '/^[^#]/q' "$2" | head -n 1
}

# The machines on which the suite $1 runs, of those whose kernel KERNEL allows:
# the one for that kernel, or pc if there is a choice, if the suite names none.
machines() {
	local named machine
	named=$(header machines "$1")
	case ${KERNEL:-all} in
	all) echo "${named:-pc}" ;;
	*)
		for machine in ${named:-$(machine_for "$KERNEL")}; do
			[ "$machine" = "${LAB_MACHINE:-$machine}" ] || continue
			[ "$(arch "$machine")" != "$(arch "$KERNEL")" ] || echo "$machine"
		done
		;;
	esac
}

# Reads the TAP of a suite and prints its points as results of KTAP without
# numbers, each behind the lines that explain it (a suite prints them after it);
# adds one that fails if the plan is not met.
points_of() {
	awk '
	function flush() {
		if (held != "") print held
		held = ""
	}
	function point(result, text, directive) {
		flush()
		# KTAP ends the description at any #.
		gsub(/ *#+ */, " ", text)
		held = result " - " text directive
	}
	/^(not )?ok( |$)/ {
		result = $1 == "ok" ? "ok" : "not ok"
		sub(/^(not )?ok *[0-9]* *(- *)?/, "")
		directive = ""
		if (match($0, / *# *[Ss][Kk][Ii][Pp]/)) {
			directive = substr($0, RSTART + RLENGTH)
			gsub(/#/, "", directive)
			directive = " # SKIP" directive
			$0 = substr($0, 1, RSTART - 1)
		}
		point(result, $0, directive)
		seen++
		next
	}
	/^1\.\.[0-9]+/ {
		plans++
		planned = substr($1, 4) + 0
		if (planned == 0) {
			sub(/^[^#]*# *(SKIP *)?/, "")
			point("ok", "everything", " # SKIP " $0)
		}
		next
	}
	/^Bail out!/ { point("not ok", $0); next }
	/^#/ { print; next }
	/./ { print "# " $0 }
	END {
		if (plans != 1)
			point("not ok", "plan: there are " plans + 0 ", want one")
		else if (planned != seen + 0)
			point("not ok", "plan: " planned " points planned, " seen + 0 " seen")
		flush()
	}'
}

# Reads such results and prints them, with numbers and their plan, as the subtests
# of the test $1.
subtests() {
	awk -v name="$1" '
	/^ok - .* # SKIP/ { skipped++ }
	/^not ok - / { failed++ }
	/^(not )?ok - / { sub(/ - /, " " ++n " ") }
	{ lines[++count] = $0 }
	END {
		print "  KTAP version 1"
		print "  1.." n + 0
		for (i = 1; i <= count; i++) print "  " lines[i]
		skip = n && skipped == n ? " # SKIP nothing of it can run here" : ""
		print (failed ? "not ok" : "ok") " - " name skip
	}'
}

# The result of the suite called $1 that left DIR $2 in the guest of DIR $3.
result() {
	local name=$1 dir=$2 guest=$3 why failures status
	points_of < "$dir/stdout" > "$dir/points"
	why=$(judge "$dir" "$guest")
	status=$(cat "$dir/verdict" 2> /dev/null) || :
	failures=$(grep '^not ok' "$dir/points") || :
	# Failed points explain a status that is not 0.
	if [ -z "$why$failures" ] && [ "$status" != 0 ]; then
		why="the suite ended with status $status: see $dir/stderr"
	fi
	if [ -n "$why$failures" ]; then
		tail -n 30 "$dir/stderr" | sed '/./!d; s/^/# stderr: /'
	fi >> "$dir/points"
	if [ -n "$why" ]; then
		sed 's/^/# /' <<< "$why"
		echo "not ok - clean kernel log and verdict"
	elif ! grep -q '^ok - everything # SKIP' "$dir/points"; then
		echo "ok - clean kernel log and verdict"
	fi >> "$dir/points"
	[ ! -e "$dir/ms" ] || echo "# $name took $((($(< "$dir/ms") + 500) / 1000)) s"
	subtests "$name" < "$dir/points"
}

# One run of a suite is a line "KEY NAME PATH" in a list. KEY has what runs in one
# guest have in common: KERNEL|MACHINE|CPUS|OVERLAY|CMDLINE, and a number for a
# guest of its own.
run_line() {
	local v=$1 machine=$2 path=$3 variant=$4 own overlay name key
	overlay=$(header "overlay $machine" "$path")
	overlay=${overlay:-$(header overlay "$path")}
	own=$(header guest "$path")
	[ ! -e "${path%.sh}.host" ] || own=own
	[ -z "$own" ] || own=$((++guests_owned))
	name=$v/$(basename "$path" .sh)
	[ "$machine" = "$(machine_for "$v")" ] || name+=-$machine
	name+=${variant:+-$variant}
	key="$v|$machine|$(header smp "$path")|$overlay|$variant|$own"
	printf '%s %s %s\n' "$key" "$name" "$path"
}

# The runs on the kernel $1 of the suites $2... that run on its machines.
runs_on() {
	local v=$1 path machine variant guests_owned=0
	shift
	for path; do
		if [[ $v == *-rt-* && $rt_wanted = variant ]] &&
			[[ " $(header also "$path") " != *" rt "* ]]; then
			continue
		fi
		for machine in ${machines[$path]}; do
			[ "$machine" != host ] && [ "$(arch "$machine")" = "$(arch "$v")" ] ||
				continue
			run_line "$v" "$machine" "$path" ''
			# PREEMPT_RT has all interrupts in threads.
			[[ $v == *-rt-* || " $(header also "$path") " != *" threadirqs "* ]] ||
				run_line "$v" "$machine" "$path" threadirqs
		done
	done
}

# Runs the suite $2, which is called $1, on the host.
on_host() {
	local name=$1 path=$2 log=$logs/$1 limit start=$EPOCHREALTIME status=0
	rm -rf "$log"
	mkdir -p "$log"
	: > "$log/console.log"
	limit=$(header timeout "$path")
	limit=$((${limit:-120} * ${LAB_SLOW:-1}))
	SRC=$repo LOG=$log setpriv --pdeathsig TERM timeout -k 5 "$limit" bash "$path" \
		< /dev/null > "$log/stdout" 2> "$log/stderr" || status=$?
	case $status in
	124 | 137) echo "$limit" > "$log/timeout" ;;
	*) echo $status > "$log/verdict" ;;
	esac
	echo $(((${EPOCHREALTIME/./} - ${start/./}) / 1000)) > "$log/ms"
	result "$name" "$log" "$log"
}

# Runs the suites "$@" (lines of runs_on() that share a key) in as many guests as
# it takes, as a suite that fails ends its guest.
guests() {
	local todo=("$@") v machine cpus overlay cmdline key name path limit dir log host line
	read -r key name path <<< "$1"
	IFS='|' read -r v machine cpus overlay cmdline _ <<< "$key"
	if [ "$machine" = host ]; then
		on_host "$name" "$path"
		return
	fi
	while [ ${#todo[@]} -gt 0 ]; do
		read -r _ name path <<< "${todo[0]}"
		dir=$logs/$name.guest
		guest_new "$dir"
		for line in "${todo[@]}"; do
			read -r _ name path <<< "$line"
			limit=$(header timeout "$path")
			rm -rf "${logs:?}/$name"
			job "$dir" "$v" "$machine" "${name#*/}" $((${limit:-120} * ${LAB_SLOW:-1})) "$path"
		done
		host=${path%.sh}.host
		[ -e "$host" ] || host=''
		boot "$v" "$machine" "$cpus" "${overlay:+$repo/$overlay}" "$dir" "$cmdline" "$host" \
			> "$dir/shown"
		# What began comes first: jobs run in their order.
		while [ ${#todo[@]} -gt 0 ]; do
			read -r _ name path <<< "${todo[0]}"
			[ -d "$dir/${name#*/}" ] || break
			log=$logs/$name
			mv "$dir/${name#*/}" "$log"
			result "$name" "$log" "$dir"
			todo=("${todo[@]:1}")
		done
	done
}

# Numbers the tests and counts points; the last line is the tally.
tally() {
	awk '
	BEGIN { print "KTAP version 1"; fflush() }
	/^tests / { print "1.." $2; planned = $2; next }
	/^end$/ { ended = 1; next }
	/^  ok .* # SKIP/ { skips[++skipped] = $0; points++ }
	/^  ok / && !/ # SKIP/ { passed++; points++ }
	/^  not ok / { failures[++failed] = $0; points++ }
	/^(not )?ok - / {
		name = $0
		sub(/^(not )?ok - /, "", name)
		sub(/ # SKIP.*/, "", name)
		# A test without points is one itself: what could not be built.
		if (!points && $1 == "ok") passed++
		if (!points && $1 == "not") failures[++failed] = ""
		while (f < failed) {
			f++
			failures[f] = named(failures[f])
		}
		while (s < skipped) {
			s++
			skips[s] = named(skips[s])
		}
		points = 0
		sub(/ - /, " " ++n " ")
	}
	{ print; fflush() }
	function named(line) {
		sub(/^ *(not )?ok [0-9]+ /, "", line)
		return name (line == "" ? "" : ": ") line
	}
	END {
		if (!ended || n != planned) {
			failures[++failed] = "the lab broke off"
			print "not ok " ++n " the lab broke off"
		}
		for (i = 1; i <= skipped; i++) print "# SKIPPED: " skips[i]
		for (i = 1; i <= failed; i++) print "# FAILED: " failures[i]
		printf "# Totals: pass:%d fail:%d xfail:0 xpass:0 skip:%d error:0\n",
			passed, failed, skipped
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

# Builds what the suites "$@" want; $built are the kernels that are ready, $broken
# lists what is not.
build_for() {
	local v wanted='' KERNEL=${KERNEL-}
	built=() broken=()
	if [[ " ${machines[*]} " == *" pc "* ]]; then
		wanted=$(kernels "${KERNEL:-all}")
		if [ "${KERNEL:-all}" = all ] && grep -q '^# also: .*\brt\b' "$@"; then
			wanted+=" $(kernels rt)"
			rt_wanted=variant
		fi
	fi
	if [ "$(arch "${machines[*]}")" = arm64 ]; then
		sysroot_ready
		[ "$(arch "${KERNEL-}")" = arm64 ] || KERNEL=arm64
		wanted+=" $(kernels "$KERNEL")"
	fi
	if ! build_common || { [ -n "$sysroot" ] && ! build_arm64; }; then
		broken=("build of the loader, drivers and test programs")
		return
	fi
	for v in $wanted; do
		if build_kernel "$v" && {
			[ "$(arch "$v")" != amd64 ] || ! grep -qx '# wants: bare' "$@" || build_bare "$v"
		}; then
			built+=("$v")
		else
			broken+=("$v: build of the module")
		fi
	done
}

# Every suite of "$@" (all, without any) on every machine and kernel wanted.
run_suites() {
	local v path line key last cpus what pid=''
	local paths=() built broken lines=() batch=() rt_wanted='' used=0
	local -A machines=() cost=() out=()
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
	build_for "${paths[@]}"
	mkdir -p "$logs/host"
	for path in "${paths[@]}"; do
		[ "${machines[$path]}" = host ] || continue
		what=$(basename "$path" .sh)
		lines+=("host|host|||$what host/$what $path")
	done
	for v in "${built[@]}"; do
		mkdir -p "$logs/$v"
		mapfile -t -O ${#lines[@]} lines < <(runs_on "$v" "${paths[@]}")
	done
	echo "tests $((${#lines[@]} + ${#broken[@]}))"
	for what in "${broken[@]}"; do
		echo "not ok - $what"
	done

	reap() {
		wait -n -p pid || :
		used=$((used - cost[$pid]))
		cat "${out[$pid]}"
		rm -f "${out[$pid]}"
	}
	start() {
		[ ${#batch[@]} -gt 0 ] || return 0
		cpus=1
		[[ $last != *'|threads|'* ]] || cpus=2
		while [ $((used + cpus)) -gt $host_cpus ]; do
			reap
		done
		local results
		results=$(mktemp "$logs/results.XXXXXX")
		guests "${batch[@]}" > "$results" &
		out[$!]=$results cost[$!]=$cpus used=$((used + cpus))
		batch=()
	}
	# Runs of one key stand together: one CPU each first, as a guest that takes
	# both waits for all that came before.
	mapfile -t lines < <(
		printf '%s\n' "${lines[@]}" | sed '/|threads|/d; /./!d'
		printf '%s\n' "${lines[@]}" | sed '/|threads|/!d'
	)
	while [ ${#lines[@]} -gt 0 ]; do
		key=${lines[0]%% *}
		last=$key
		local rest=()
		for line in "${lines[@]}"; do
			if [ "${line%% *}" = "$key" ] && [ ${#batch[@]} -lt "$suites_a_guest" ]; then
				batch+=("$line")
			else
				rest+=("$line")
			fi
		done
		lines=("${rest[@]}")
		start
	done
	while [ $used -gt 0 ]; do
		reap
	done
	echo end
}

suites() {
	run_suites "$@" | tally
}
