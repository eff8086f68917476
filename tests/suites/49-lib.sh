#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 120

. "$SRC/tests/suites/common.bash"

user=$(dirname "$(command -v chrext)")
lib=$user/lib
embed=$user/examples/embed

# The symbols of both libraries are those of the public header, no more.
declared=$(gcc -E -P "$SRC/user/lib/chrext.h" | grep -o '\bchrext_[a-z_]*(' |
	tr -d '(' | sort -u)
like "the header declares functions" "$declared" "chrext_object_open"
is "the shared library exports these and its version" \
	"$(nm -D --defined-only "$lib/libchrext.so" | sed 's/.* //' | sort)" \
	"$(printf '%s\n' CHREXT_0 "${declared//$'\n'/@@CHREXT_0$'\n'}@@CHREXT_0" | sort)"
is "the static library has no other global symbols" \
	"$(nm -g --defined-only "$lib/libchrext.a" | awk '$2 == "T" { print $3 }' | sort)" "$declared"
like "the shared library has a name with a version" \
	"$(readelf -d "$lib/libchrext.so")" "SONAME.*\[libchrext\.so\.0\]"
is "it neither exits nor prints" \
	"$(nm -D --undefined-only "$lib/libchrext.so" |
		awk '{ sub("@.*", "", $2); print $2 }' |
		grep -xE 'exit|_exit|abort|printf|puts|putchar|stdout|stderr|perror')" ""
ok "the header is plain C" gcc -std=c99 -pedantic -Wall -Werror -fsyntax-only \
	-x c "$SRC/user/lib/chrext.h"

# The example, linked to the one and to the other.
ok "the example builds with the shared library" gcc -I "$SRC/user/lib" \
	-o /tmp/embed "$SRC/user/examples/embed.c" -L "$lib" -lchrext
export LD_LIBRARY_PATH=$lib
for program in "$embed" /tmp/embed; do
	"$program" "$DRIVERS/hello.bpf.o" > /tmp/embedded &
	pid=$!
	ok "$program brings a driver" soon test -c /dev/hello
	is "which works" "$(call /dev/hello r r:9)" 4:ebpf
	ok "and prints its node" soon grep -qx /dev/hello /tmp/embedded
	kill $pid
	wait $pid 2> /dev/null
	ok "the driver goes with it" soon test ! -e /dev/hello
	exits 1 "a driver that is rejected" "$program" "$REJECT/beyond.bpf.o"
	like "has its reason" "$tap_output" "^embed: the verifier rejected wrong_read.*beyond\.bpf\.c:11"
done

finish
