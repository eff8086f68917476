# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154
#
# One set of objects on many kernels. Sourced by lab.

# What kernels.sh finds kernels by, for each row. The archive may have no flavour of
# a suite, which a cell then reports.
matrix_rows=(
	bookworm-backports trixie trixie-backports sid
	trixie-rt trixie-backports-rt trixie-cloud trixie-backports-cloud
)
matrix_columns=(pc virt raspi3b)
# Beside tests/matrix/drivers.sh.
matrix_suites=(11-hello 16-whoami 20-io 23-file 50-life 53-update)

# The kernel of the row $1 for the architecture $2, in $v.
matrix_kernel() {
	local to=$root
	[ "$2" = amd64 ] || to=$sysroot
	if [ ! -s "$to/lab/specs/$1" ] || [ ! -e "$to/lab/kernels/$(< "$to/lab/specs/$1")" ]; then
		(flock 9 && timed "$2 kernel of $1" fetch_kernels "$2" "$to" "$1") 9> "$cache/lock" ||
			return
	fi
	v=$(< "$to/lab/specs/$1")
}

# The cell of row $1 and column $2, in $why: empty if all is well.
matrix_cell() {
	local row=$1 machine=$2 dir=$3 v='' suites=("$repo/tests/matrix/drivers.sh")
	why='no such kernel'
	matrix_kernel "$row" "$(arch "$machine")" || return 0
	# A board without a network or disk carries its suites in memory.
	[ "$machine" = raspi3b ] || suites+=("${matrix_suites[@]}")
	LAB_MACHINE=$machine KERNEL=$v suites "${suites[@]}" > "$dir/$row.$machine" || :
	sed -n "s/^  # verified /$row $machine $v /p" "$dir/$row.$machine" >> "$dir/verified"
	sed -n "s/^  # object //p" "$dir/$row.$machine" | sort > "$dir/$row.$machine.objects"
	why=$(tail -n 1 "$dir/$row.$machine")
	kernel=$v
}

# Prints the table of what matrix_cell() found, in Markdown.
matrix_table() {
	local row machine line
	printf '| kernel of |'
	printf ' %s |' "${matrix_columns[@]}"
	printf '\n|---|'
	printf -- '---|%.0s' "${matrix_columns[@]}"
	echo
	for row; do
		line="| $row |"
		for machine in "${matrix_columns[@]}"; do
			line+=" ${cells[$row.$machine]} |"
		done
		echo "$line"
	done
}

matrix() {
	local dir=$logs/matrix row machine kernel why first='' failed=0 rows=("$@")
	local -A cells=()
	[ $# -gt 0 ] || rows=("${matrix_rows[@]}")
	rm -rf "$dir"
	mkdir -p "$dir"
	sysroot_ready
	for row in "${rows[@]}"; do
		for machine in "${matrix_columns[@]}"; do
			kernel=''
			matrix_cell "$row" "$machine" "$dir"
			case $why in
			*" passed, 0 failed")
				first=${first:-$dir/$row.$machine.objects}
				cmp -s "$first" "$dir/$row.$machine.objects" || {
					why+=', but with other objects'
					failed=1
				}
				;;
			'no such kernel') ;;
			*) failed=1 ;;
			esac
			cells[$row.$machine]="${kernel:+$kernel: }$why"
			report "$row on $machine: ${cells[$row.$machine]}"
		done
	done
	{
		echo '<!-- SPDX-License-Identifier: GPL-2.0-only -->'
		echo '<!-- Made by "make test-matrix". -->'
		echo
		echo '# One set of objects on many kernels'
		echo
		matrix_table "${rows[@]}"
		echo
		echo '## The objects, and their SHA-256'
		echo
		sed 's/^/    /' "$first"
		echo
		echo '## Verified instructions'
		echo
		matrix_verified "$dir/verified"
	} > "$dir/matrix.md"
	cat "$dir/matrix.md"
	return $failed
}

# A line for each program, a column for each cell; $1 has lines ROW MACHINE KERNEL
# DRIVER OP COUNT.
matrix_verified() {
	awk '
	{
		cell = $1 " " $2
		if (!(cell in column)) { column[cell] = ++columns; name[columns] = cell }
		program = $4 " " $5
		if (!(program in known)) { known[program] = ++programs; list[programs] = program }
		count[program, column[cell]] = $6
	}
	END {
		printf "| program |"
		for (c = 1; c <= columns; c++) printf " %s |", name[c]
		printf "\n|---|"
		for (c = 1; c <= columns; c++) printf "---|"
		print ""
		for (p = 1; p <= programs; p++) {
			printf "| %s |", list[p]
			for (c = 1; c <= columns; c++) printf " %s |", count[list[p], c]
			print ""
		}
	}' "$1"
}
