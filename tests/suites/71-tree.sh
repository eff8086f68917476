#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# machines: pc
#
# What must agree in the tree: public headers and module, files and licences.

. "$SRC/tests/suites/common.bash"

# The BTF of an extern lacks the names of its arguments, that of a function with
# a body has them.
mkdir -p /tmp/include/chr_ext
cp "$SRC"/bpf/include/chr_ext/*.h /tmp/include/chr_ext
perl -0pi -e 's/^extern ([^;]*?) __ksym;/$1 { __builtin_unreachable(); }/gm' \
	/tmp/include/chr_ext/*.h
for header in /tmp/include/chr_ext/*.bpf.h; do
	echo "#include <chr_ext/${header##*/}>"
done > /tmp/all.bpf.c
ok "the headers compile" clang-19 -target bpf -g -O2 -Wall -Werror \
	-I /tmp/include -c /tmp/all.bpf.c -o /tmp/all.bpf.o
for std in gnu11 gnu17 gnu23; do
	ok "and as $std" clang-19 -target bpf -g -O2 -Wall -Werror "-std=$std" \
		-I /tmp/include -fsyntax-only /tmp/all.bpf.c
done
declared=$("$PROGS/protos" /tmp/all.bpf.o)
is "each kfunc of the headers is compared" \
	"$(grep -c '' <<< "$declared")" \
	"$(cat "$SRC"/bpf/include/chr_ext/*.bpf.h | grep -c '__ksym;$')"
like "with the names of its arguments" "$declared" \
	's32 chr_ext_gpio_get\(\*struct chr_ext_dev dev, \*const char con_id__str, u32 flags\)'
is "the prototypes in the headers are those of the module" \
	"$declared" "$("$PROGS/protos" /tmp/all.bpf.o chr_ext)"

# documented DIR: the attributes in DIR that the documents of the ABI list.
documented() {
	sed -n "s,^What:[[:space:]]*$1/\\(.*[^/]\\)$,\\1,p" \
		"$SRC/Documentation/ABI/testing/sysfs-class-chr_ext" | sort
}
# present DIR: those that are there, but for what the driver core adds.
present() {
	(cd "$1" && find . -path ./power -prune -o -type f -printf '%P\n') | sort
}
ok "a device" chrext load "$DRIVERS/hello.bpf.o"
is "its attributes in sysfs are those documented" "$(present "$class/hello")" \
	"$(documented '/sys/class/chr_ext/<node>')"
is "and those of the class" "$(cd $class && find . -maxdepth 1 -type f -printf '%P\n' | sort)" \
	"$(documented /sys/class/chr_ext | grep -v '<node>')"
ok "it goes" chrext unload hello

# What the loader has is in its manual and in the completions.
help=$(chrext --help)
verbs=$(sed -n '/^Verbs:/,/^$/s/^  \([a-z]*\).*/\1/p' <<< "$help" | sort -u)
like "there are verbs" "$verbs" $'doctor\n.*inspect\n'
options=$(for verb in $verbs 'board add' 'board save' 'board restore' 'board list'; do
	# shellcheck disable=SC2086
	[ "$verb" = board ] || chrext $verb --help
done | grep -o -- '--[a-z][a-z-]*' | sort -u | grep -vxE -e '--(usage)')
for file in Documentation/man/chrext.8 user/chrext.{bash,zsh,fish}-completion; do
	words=" $(sed 's/Fl \\-/--/g; s/ -l / --/g' "$SRC/$file" | tr -sc 'a-z-' ' ') "
	missing=
	for word in $verbs $options; do
		[[ $words == *" $word "* ]] || missing+=" $word"
	done
	is "$file has all verbs and options" "$missing" ""
done

# unlicensed: the files of the tree without an SPDX line.
unlicensed() {
	grep -zvE '^(LICENSES/|debian/changelog$|debian/source/format$)' "$SRC/build/common/list" |
		(cd "$SRC" && xargs -0 grep -L 'SPDX-License-Identifier: ')
}
is "every file names its licence" "$(unlicensed)" ""

# licences: the names in the SPDX lines, once each.
licences() {
	(cd "$SRC" && xargs -0 grep -hIo 'SPDX-License-Identifier: [A-Za-z0-9 .()-]*' \
		< build/common/list) |
		sed -e 's/.*: //' -e 's/ \(OR\|AND\) /\n/g' | tr -d '() ' |
		sed 's/-*$//' | sort -u
}
for licence in $(licences); do
	ok "the text of $licence is in the tree" test -s "$SRC/LICENSES/$licence.txt"
done

finish
