# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# For suites that want GPIO lines: what is below $chips stands at the top of
# tests/kmods/chr_ext_chip.c.

. "$SRC/tests/suites/common.bash"

chips=/sys/kernel/debug/chr_ext_chip

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

# setters_fail: an error of a set reaches who sets. Not so in older kernels.
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

# chip_unload: the end of the chips, before that of the suite.
chip_unload() {
	ok "nobody uses the chips" soon rmmod chr_ext_chip
}

insmod "$KMODS/chr_ext_chip.ko" || bail "there are no GPIO chips here"
