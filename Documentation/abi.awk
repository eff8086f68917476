# SPDX-License-Identifier: GPL-2.0-only
#
# Documentation/abi.md from the kernel-doc of the header and the kfuncs, and from
# the tables of members and kfuncs:
#	make docs
#
# A comment that begins with "/**" at the margin documents a struct or a
# function, or is a section ("DOC: title"); one inside a struct documents the
# member that follows it.
#
# The files are read twice: pass=1 collects the tables, pass=2 prints.

# pass 1: OP(read, io, READ, TURN) of kmod/ops.h
pass == 1 && /^\tOP\(/ {
	split($0, op, /[(), \t]+/)
	group["CHR_EXT_IN_" op[5]] = group["CHR_EXT_IN_" op[5]] " " op[3]
	order[op[3]] = op[6]
	next
}

# CHR_EXT_IN_IO = CHR_EXT_IN_READ | ... of kmod/kfuncs.h
pass == 1 && /^\tCHR_EXT_IN_[A-Z]+[ \t]*=/ { sum = $1 }
pass == 1 && sum {
	for (i = 1; i <= NF; i++)
		if ($i ~ /^CHR_EXT_IN_/ && $i != sum) {
			sub(/,$/, "", $i)
			group[sum] = group[sum] group[$i]
		}
	if (/,/)
		sum = ""
}

# NUMBER(max_io, 1, CHR_EXT_MAX_IO, CHR_EXT_DEFAULT_IO, UPDATED) of kmod/ops.c
pass == 1 && /^\t(TEXT|BITS|OCTAL|NUMBER)\([a-z_]+, / {
	n = split($0, m, /[(), \t]+/)
	kind = m[2]
	row = "| `" m[3] "` | "
	if (kind == "NUMBER")
		row = row m[4] " | " m[5] " | " m[6]
	else if (kind != "TEXT")
		row = row "0 | " (m[4] == "CHR_EXT_ALL_FLAGS" ? "all flags" : m[4]) " | " m[5]
	else
		row = row " | | "
	rows[++nr_rows] = row " | " (m[n - 1] == "FIXED" ? "no" : "yes") " |"
	next
}

# The sets of kfuncs/*.c and their rule.
pass == 1 && /^BTF_KFUNCS_START/ { split($0, part, /[()]/); set = part[2] }
pass == 1 && /^BTF_ID_FLAGS\(func, / {
	split($0, part, /[(), ]+/)
	set_of[FILENAME, part[3]] = set
	next
}
pass == 1 && /^\t\{ &[a-z_]+, / {
	name = $2
	gsub(/[&,]/, "", name)
	rule[FILENAME, name] = $0
	next
}
pass == 1 { next }

# The ops that may call a kfunc, in the order of the table.
function ops_of(file, kfunc,	set, ops, n, i, op, word, w, out) {
	set = set_of[file, kfunc]
	w = split(rule[file, set], word, /[ ,}]+/)
	for (i = 1; i <= w; i++) {
		if (word[i] ~ /^CHR_EXT_IN_/)
			ops = ops group[word[i]] " "
		else if (word[i] ~ /^~CHR_EXT_IN_/) {
			n = split(group[substr(word[i], 2)], op, / /)
			while (n)
				if (op[n] != "")
					gsub(" " op[n--] " ", "  ", ops)
				else
					n--
		}
	}
	n = split(group["CHR_EXT_IN_ANY"], op, / /)
	for (i = 1; i <= n; i++)
		if (op[i] != "") {
			if (index(" " ops " ", " " op[i] " "))
				out = out (out == "" ? "" : ", ") op[i]
			else
				missing = 1
		}
	if (!missing)
		out = "all"
	missing = 0
	return out
}

function flush_par() {
	if (par != "")
		print par "\n"
	par = ""
}

function text(s) {
	gsub(/&chr_ext_io\./, "io->", s)
	gsub(/&chr_ext_ops\./, "ops.", s)
	return s
}

# "@name: text" begins a row of a list, "Return:" and "Context:" a paragraph.
function line(s) {
	sub(/^\t/, "", s)
	if (s == "") {
		flush_par()
	} else if (match(s, /^@[A-Za-z_]+: /)) {
		if (par != "" && par !~ /^- /)
			flush_par()
		par = par (par == "" ? "" : "\n") "- `" \
			substr(s, 2, RLENGTH - 3) "`: " text(substr(s, RLENGTH + 1))
	} else if (s ~ /^(Ops|Return|Context): /) {
		flush_par()
		par = "**" substr(s, 1, index(s, ":")) "**" \
			text(substr(s, index(s, ":") + 1))
	} else {
		par = par (par == "" ? "" : "\n") (par ~ /^- / ? "  " : "") text(s)
	}
}

BEGIN {
	header = 1
	runs["FIRST"] = "before any op that serves a file; event can run at the same time"
	runs["LAST"] = "when every other op of the device is over"
	runs["EVENTS"] = "one at a time for a device, concurrently with its other ops"
	runs["TURN"] = "with CHR_EXT_SERIAL_DEV or CHR_EXT_SERIAL_FILE one at a " \
		"time for the\ndevice or the file, else concurrently with any other op"
	runs["ANY"] = "concurrently with any other op"
}

pass == 2 && header {
	header = 0
	print "<!-- SPDX-License-Identifier: GPL-2.0-only -->"
	print "<!-- Made by \"make docs\" from the kernel-doc; edit that. -->\n"
	print "# The ABI of chr_ext\n"
}

FNR == 1 {
	state = ""
	kfuncs_only = FILENAME ~ /kfuncs/
	if (FILENAME ~ /kfuncs/ && !kfuncs++)
		print "# kfuncs\n"
}

/^__bpf_kfunc_start_defs/ { kfuncs_only = 0 }

/^\/\*\*$/ && !kfuncs_only { state = "title"; next }

# "DOC: title" is a section of its own.
state == "title" && sub(/^ \* DOC: /, "") {
	print "## " $0 "\n"
	state = "doc"
	body = 0
	next
}
state == "doc" && /^ \*\/$/ { print ""; state = ""; next }
state == "doc" && /^ \*$/ && !body { next }
state == "doc" { body = 1; sub(/^ \* ?/, ""); print text($0); next }

state == "title" {
	sub(/^ \* /, "")
	title = $0
	kind = match(title, /^(struct|enum) /) ? substr(title, 1, RLENGTH) : ""
	is_struct = kind != ""
	sub(/^(struct|enum) /, "", title)
	split(title, part, / - /)
	title_name = part[1]
	sub(/\(\)$/, "", title_name)
	print "## " kind part[1] "\n"
	par = text(toupper(substr(part[2], 1, 1)) substr(part[2], 2) ".")
	flush_par()
	state = "body"
	next
}

state == "body" && /^ \*\/$/ {
	flush_par()
	state = is_struct ? "head" : "proto"
	if (!is_struct)
		print "```c"
	next
}

state == "body" { sub(/^ \* ?/, ""); line($0); next }

# A struct without comments inside is shown whole; else each member by itself.
state == "head" { head = $0; state = "struct"; next }
state == "struct" && head != "" && !/^\t\/\*\*/ { print "```c\n" head; head = "" }

state == "struct" && /^\t\/\*\*/ {
	inline = 1
	head = ""
	name = $0
	if (sub(/^\t\/\*\* @/, "", name)) {
		sub(/ \*\/$/, "", name)
		n = index(name, ":")
		member_name = substr(name, 1, n - 1)
		print "### " member_name "\n"
		par = text(substr(name, n + 2))
		print "```c"
		state = "member"
	} else {
		state = "member_doc"
		first = 1
	}
	next
}

state == "member_doc" && /^\t \*\/$/ { print "```c"; state = "member"; next }

state == "member_doc" {
	sub(/^\t \* ?/, "")
	if (first) {
		n = index($0, ":")
		member_name = substr($0, 2, n - 2)
		print "### " member_name "\n"
		$0 = substr($0, n + 2)
		first = 0
	}
	doc[++docs] = $0
	next
}

state == "member" {
	sub(/^\t/, "")
	print
	if (/;$/) {
		print "```\n"
		for (i = 1; i <= docs; i++)
			line(doc[i])
		flush_par()
		docs = 0
		if (member_name in order)
			print "**Runs:** " runs[order[member_name]] ".\n"
		state = "struct"
	}
	next
}

state == "struct" && inline && /^};/ {
	inline = 0
	state = ""
	print "### Values of the data members\n"
	print "A 0 stands for the default. A live update can change the members with \"yes\"."
	print "\n| member | least | most | default | live update |"
	print "|---|---|---|---|---|"
	for (i = 1; i <= nr_rows; i++)
		print rows[i]
	print ""
	next
}
state == "struct" && inline { next }

state == "struct" || state == "proto" {
	sub(/^__bpf_kfunc /, "")
	if (state == "proto" && sub(/\)$/, ");")) {
		print $0 "\n```\n"
		state = ""
		ops = ops_of(FILENAME, title_name)
		if (ops == "") {
			print FILENAME ": " title_name " is in no set" > "/dev/stderr"
			exit 1
		}
		print "**Ops:** " ops ".\n"
	} else {
		print
		if (/^};/) {
			print "```\n"
			state = ""
		}
	}
}
