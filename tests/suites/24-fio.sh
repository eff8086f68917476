#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 180
#
# fio, with its own checksums in what it wrote.

. "$SRC/tests/suites/common.bash"

# verified NODE ENGINE RW [OPTION...]
verified() {
	local node=$1 engine=$2 rw=$3
	shift 3
	ok "$node, $engine, $rw: what was written is read" timeout 100 fio \
		--name=job --filename="/dev/$node" --filesize=1M --size=1M --ioengine="$engine" \
		--rw="$rw" --bs=4k --verify=crc32c --verify_fatal=1 --allow_mounted_write=1 \
		--do_verify=1 --thread --output=/tmp/fio.out "$@"
	like "$node, $engine, $rw: all of it" "$(cat /tmp/fio.out)" 'WRITE: .*io=1024KiB'
}

chrext load "$DRIVERS/scull.bpf.o" --set dev_size=1M
verified scull psync write
verified scull psync randwrite --bsrange=512-16k
verified scull io_uring write --iodepth=8
verified scull io_uring randwrite --iodepth=8
is "scull: no op returned nonsense" "$(count scull bad_returns)" 0
like "scull: fio used it" "$(count scull written_bytes)" '^[0-9]{7,}$'
chrext unload scull

chrext load "$DRIVERS/scullp.bpf.o" --set mem_size=1M
verified scullp mmap write
verified scullp mmap randwrite
verified scullp psync randwrite --bsrange=512-16k
chrext unload scullp

finish
