#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 180
# machines: pc
#
# fio, with its own checksums in what it wrote.

. "$SRC/tests/suites/common.bash"

# job NODE ENGINE RW [OPTION...]
job() {
	local node=$1 engine=$2 rw=$3
	shift 3
	timeout $((100 * LAB_SLOW)) fio \
		--name=job --filename="/dev/$node" --filesize=1M --size=1M --ioengine="$engine" \
		--rw="$rw" --bs=4k --verify=crc32c --verify_fatal=1 --allow_mounted_write=1 \
		--thread --output=/tmp/fio.out "$@"
}

# verified NODE ENGINE RW [OPTION...]
verified() {
	ok "$1, $2, $3: what was written is read" job "$@" --do_verify=1
	like "$1, $2, $3: all of it" "$(cat /tmp/fio.out)" 'WRITE: .*io=1024KiB'
}

# also NODE ENGINE RW [OPTION...]: what the job before, like it but for its
# engine, has written.
also() {
	ok "$1, $2: reads the same" job "$@" --verify_only=1
	like "$1, $2: all of it" "$(cat /tmp/fio.out)" 'READ: .*io=1024KiB'
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
also scullp psync write
verified scullp mmap randwrite
verified scullp psync randwrite --bsrange=512-16k
also scullp mmap randwrite --bsrange=512-16k
chrext unload scullp

finish
