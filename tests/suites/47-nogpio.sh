#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# wants: bare
#
# A module without the GPIO family, as that for a kernel without GPIOLIB, such as
# Debian's cloud flavour.

. "$SRC/tests/suites/common.bash"

rmmod chr_ext 2> /dev/null
insmod "$BARE_MODULE"

ok "doctor does not find that bad" chrext doctor
like "but reports it" "$tap_output" \
	"warn  GPIO: none, the module was built for a kernel without GPIOLIB; boot a kernel with CONFIG_GPIOLIB=y"
fails "and does not mention configfs" grep -q configfs <<< "$tap_output"
exits 1 "a driver that wants pins does not load" chrext load "$DRIVERS/port.bpf.o"
like "and the reason is printed" "$tap_output" \
	"port.bpf.o calls chr_ext_gpio_[a-z_]*\(\), but the loaded chr_ext module has no GPIO: it was built for a kernel without CONFIG_GPIOLIB"
fails "there is no node" test -e /dev/bpf_port
for verb in list "add b1 c port=led" "rm b1" "save b1" "restore b1"; do
	# shellcheck disable=SC2086
	exits 1 "board $verb" chrext board $verb
	is "prints that there are none" "$tap_output" \
		"chrext: the loaded chr_ext module has no GPIO and no boards: it was built for a kernel without CONFIG_GPIOLIB"$'\n'
done
ok "restore of no boards is well" chrext board restore --dir /nowhere
ok "a driver without pins loads" chrext load "$DRIVERS/hello.bpf.o"
is "and works" "$(call /dev/hello r r:9)" 4:ebpf
chrext unload hello

finish
