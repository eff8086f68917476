# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# For suites that want GPIO lines: what is below $chips stands at the top of
# tests/kmods/chr_ext_chip.c.

. "$SRC/tests/suites/common.bash"

chips=/sys/kernel/debug/chr_ext_chip
boards=/sys/kernel/config/chr_ext
bus=/sys/bus/platform

no_boards() {
	dir_empty $boards
}

# complaint CMD...: what it prints as an error.
complaint() {
	{ "$@" > /dev/null; } 2>&1
}

# holder_there GPIOCHIP LINE: the line is in use.
holder_there() {
	gpioinfo -c "$1" "$2" | grep -q consumer=
}

# chip_new LABEL OPTION...: a chip; $dev is its gpiochipN.
chip_new() {
	echo "$*" > "$chips/new" || return
	dev=$(gpiodetect | sed -n "s/ \[$1\].*//p")
}

chip_del() {
	echo "$1" > "$chips/del"
}

# pull LABEL LINE 0|1|-1: drives a line from outside, or lets go of it.
pull() {
	echo "$3" > "$chips/$1/lines/$2/pull"
}

# chip_fails LABEL LINE WHAT ERRNO: from now on, or no more with 0.
chip_fails() {
	echo "$4" > "$chips/$1/lines/$2/errors/$3"
}

# setters_fail: an error of a set reaches the caller, as on newer kernels.
setters_fail() {
	grep -q GPIO_SET_ "$KMODS/.chr_ext_chip.o.cmd"
}

# sets LABEL: how many there were.
sets() {
	text "$chips/$1/sets"
	echo "$text"
}

# level LABEL LINE, config LABEL LINE: as the chip has them.
level() {
	text "$chips/$1/lines/$2/value"
	echo "$text"
}

config() {
	text "$chips/$1/lines/$2/config"
	echo "$text"
}

# The lines of LABEL that wait for interrupts are those in $2, now or soon.
waits() {
	local n
	for n in $2; do
		[[ $(config "$1" "$n") != *irq=none ]] || return
	done
}

storm_over() {
	text "$chips/$1/storm"
	[[ $text == idle* ]]
}

# sim_new LABEL LINES: a chip of gpio-sim, where the kernel has that.
sim_new() {
	local dir=/sys/kernel/config/gpio-sim/$1
	modprobe -q gpio-sim || return
	mkdir -p "$dir/bank"
	echo "$1" > "$dir/bank/label"
	echo "$2" > "$dir/bank/num_lines"
	echo 1 > "$dir/live"
	echo mono > /sys/kernel/tracing/trace_clock
	echo 1 > /sys/kernel/tracing/events/gpio/gpio_value/enable
}

# sim_record: what was set, like the record of a chip but in microseconds; the
# line that was set first is 0.
sim_record() {
	sed -n 's/.* \([0-9]*\)\.\([0-9]*\): gpio_value: \([0-9]*\) set /\1\2000 \3 /p' \
		/sys/kernel/tracing/trace | awk '
	NR == 1 { base = $2 }
	{
		level[$2 - base] = $3
		bits = 0
		for (i in level)
			bits += level[i] * 2 ^ i
		printf "%s %x 1\n", $1, bits
	}'
}

sim_del() {
	echo 0 > /sys/kernel/tracing/events/gpio/gpio_value/enable
	echo > /sys/kernel/tracing/trace
	echo local > /sys/kernel/tracing/trace_clock
	echo 0 > "/sys/kernel/config/gpio-sim/$1/live"
	rmdir "/sys/kernel/config/gpio-sim/$1/bank" "/sys/kernel/config/gpio-sim/$1"
}

# board NAME COMPATIBLE CON_ID=LINE,...: a live one.
board() {
	local dir=$boards/$1 compatible=$2 lines
	shift 2
	set -- "${@/#/$dir/}"
	mkdir "$dir" "${@%%=*}" || return
	echo "$compatible" > "$dir/compatible"
	for lines; do
		echo "${lines#*=}" | tr , '\n' > "${lines%%=*}/lines"
	done
	echo 1 > "$dir/live"
}

board_gone() {
	echo 0 > "$boards/$1/live"
	rmdir "$boards/$1"/*/ "$boards/$1"
}

# chip_unload: the end of the chips, before that of the suite.
chip_unload() {
	ok "the chips are unused" soon rmmod chr_ext_chip
}

insmod "$KMODS/chr_ext_chip.ko" || bail "there are no GPIO chips here"
