#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 300
#
# tests/abi/1 has what ABI 1 promised. Each line of it still holds: types, kfuncs,
# constants, files in sysfs and configfs, tracepoints, exit statuses, JSON.
# A release records what is new, by "make abi".

. "$SRC/tests/suites/chip.bash"

facts=/tmp/facts
cd /tmp || bail "no /tmp"

# dump SECTION: types of the module.
dump() {
	objcopy -O binary --only-section="$1" --set-section-flags "$1=alloc" "$MODULE" types
	bpftool -j btf dump file types "${@:2}"
}

# tree NAME DIR: the files there, as NAME/..., and their modes, without those of the
# driver core.
tree() (
	shopt -s globstar
	cd "$2" || return
	for path in **; do
		case $path in
		power/* | subsystem* | device* | uevent | dev) ;;
		*) [ ! -f "$path" ] || stat -c "file $1/%n mode %a" "$path" ;;
		esac
	done
)

# keys NAME CMD...: the keys of the JSON that CMD prints.
keys() {
	"${@:2}" | python3 "$SRC/tests/abi/facts.py" --keys "$1" || echo "json $1: none"
}

record() {
	dump .BTF.base > base.json
	bpftool -j -B types btf dump file "$MODULE" > btf.json
	python3 "$SRC/tests/abi/facts.py" base.json btf.json "$SRC"
	tree /sys/class/chr_ext $class
	tree '/sys/class/chr_ext/<device>' $class/hello/
	tree '/sys/module/chr_ext/parameters' /sys/module/chr_ext/parameters/
	tree '/sys/kernel/config/chr_ext/<board>' /sys/kernel/config/chr_ext/pins
	tree /sys/kernel/debug/chr_ext /sys/kernel/debug/chr_ext
	local format
	for format in /sys/kernel/tracing/events/chr_ext/*/format; do
		sed -n "s/^\tfield:\(.*[^]]\);\toffset.*/tracepoint $(basename "${format%/*}"): \1/p" "$format" |
			grep -v ' common_'
	done
	keys list chrext list --json
	keys show chrext show hello --json
	keys log head -n 1 <(chrext log hello --no-follow --json)
	keys doctor chrext doctor --json
	keys inspect chrext inspect "$DRIVERS/hello.bpf.o" --json
	keys board chrext board list --json
}

chip_new fast lines=8 || bail "no chip"
chrext load "$DRIVERS/hello.bpf.o" || bail "hello does not load"
chrext board add pins chr-ext,port port=fast:0,fast:1 || bail "no board"
chrext load "$DRIVERS/port.bpf.o" || bail "port does not load"
call /dev/hello r r:9 > /dev/null
export LC_ALL=C
record 2> errors | sort -u > $facts
if [ -n "${ABI_RECORD-}" ]; then
	cat errors >&2
	exec cat $facts
fi
is "the record is made without a complaint" "$(< errors)" ""

ok "there are facts" test "$(wc -l < $facts)" -gt 400
for abi in "$SRC"/tests/abi/[1-9]*; do
	is "what ABI ${abi##*/} had is there, as it was" \
		"$(grep -v '^#' "$abi" | comm -23 - $facts)" ""
done
cat "$SRC"/tests/abi/[1-9]* | sort -u | comm -13 - $facts | sed 's/^/# new: /'
chrext unload bpf_port
chrext board rm pins
chrext unload hello
finish
