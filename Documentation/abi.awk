# SPDX-License-Identifier: GPL-2.0-only
#
# Documentation/abi.md from the kernel-doc of the header and the kfuncs:
#	make docs
#
# A comment that begins with "/**" at the margin documents a struct or a
# function; one inside a struct documents the member that follows it.

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
	if (s == "") {
		flush_par()
	} else if (match(s, /^@[a-z_]+: /)) {
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

state == "title" {
	sub(/^ \* /, "")
	title = $0
	is_struct = sub(/^struct /, "", title)
	split(title, part, / - /)
	print "## " (is_struct ? "struct " : "") part[1] "\n"
	par = toupper(substr(part[2], 1, 1)) substr(part[2], 2) "."
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
		print "### " substr(name, 1, n - 1) "\n"
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
		print "### " substr($0, 2, n - 2) "\n"
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
		state = "struct"
	}
	next
}

state == "struct" && inline && /^};/ { inline = 0; state = ""; next }
state == "struct" && inline { next }

state == "struct" || state == "proto" {
	sub(/^__bpf_kfunc /, "")
	if (state == "proto" && sub(/\)$/, ");")) {
		print $0 "\n```\n"
		state = ""
	} else {
		print
		if (/^};/) {
			print "```\n"
			state = ""
		}
	}
}
