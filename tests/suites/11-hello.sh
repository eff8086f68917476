#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 60

. "$SRC/tests/suites/common.bash"


ok "hello loads" chrext load "$DRIVERS/hello.bpf.o"
is "a read gives ebpf, then the end" "$(call /dev/hello r r:100 r:100)" "4:ebpf 0"
is "cat ends" "$(timeout 5 cat /dev/hello)" ebpf
is "a short read gives what fits" "$(call /dev/hello r r:2)" "2:eb"
is "a write takes all" "$(call /dev/hello w w:the-last-word)" 13
like "the last write is kept" "$(bpftool map dump name hello.bss)" \
	'the-last-word|"t","h","e","-","l","a","s","t"'
is "a write of 1000 bytes too" "$(call /dev/hello w W:1000)" 1000

log=$(chrext log hello --no-follow)
like "the log has the open, with the process" "$log" "hello: open by process [0-9]+"
like "the read, with length and position" "$log" "hello: read 100 bytes at 0"
like "the second read, further on" "$log" "hello: read 100 bytes at 4"
like "the write" "$log" "hello: write 13 bytes"
like "the close" "$log" "hello: close"
is "as many closes as opens" "$(grep -c ': close' <<< "$log")" \
	"$(grep -c ': open by' <<< "$log")"

chrext log hello > /tmp/follow &
follower=$!
soon test -s /tmp/follow
call /dev/hello w w:news > /dev/null
ok "chrext log follows" soon grep -q 'write 4 bytes' /tmp/follow
ok "until it is interrupted" kill -INT $follower
ok "which is a good end" wait $follower

chrext unload hello
like "chrext show gives the reason of the detach" "$(chrext show hello)" \
	"detached: by chrext\[[0-9]+\]"
is "as JSON too" "$(chrext show hello --json | jq -r .state)" detached
finish
