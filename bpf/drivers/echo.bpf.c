// SPDX-License-Identifier: GPL-2.0-only
/*
 * echo: an open file reads back what was written to it, in order, then 0 for
 * end of file. Open files are independent of each other.
 *
 * An open file holds up to ECHO_SIZE unread bytes. A write that does not fit is
 * short, and fails with ENOSPC when nothing fits. There is room again once all
 * is read. Threads that share an open file must serialise their calls.
 */
#include <chr_ext/chr_ext.bpf.h>

#define ECHO_SIZE	65536

struct echo {
	__u32 head;	/* bytes written */
	__u32 tail;	/* bytes read, at most head */
	__u8 data[ECHO_SIZE];
};

#define ECHO_DATA	__builtin_offsetof(struct echo, data)

SEC("struct_ops/read")
long BPF_PROG(echo_read, struct chr_ext_file *file, struct chr_ext_io *io)
{
	struct echo *e = (void *)chr_ext_file_data(file, sizeof(*e));
	int n;

	if (!e || e->tail >= e->head)
		return 0;

	n = chr_ext_io_put_file(io, 0, file, ECHO_DATA + e->tail,
				e->head - e->tail);
	e->tail += n;
	return n;
}

SEC("struct_ops/write")
long BPF_PROG(echo_write, struct chr_ext_file *file, struct chr_ext_io *io)
{
	struct echo *e = (void *)chr_ext_file_data(file, sizeof(*e));
	int n;

	if (!e)
		return -ENOMEM;
	if (e->tail >= e->head)
		e->head = e->tail = 0;

	n = chr_ext_io_get_file(io, 0, file, ECHO_DATA + e->head, io->len);
	e->head += n;
	return n || !io->len ? n : -ENOSPC;
}

CHR_EXT_DRIVER(echo,
	.read = (void *)echo_read,
	.write = (void *)echo_write,
	.file_size = sizeof(struct echo),
	.mode = 0666,
	.flags = CHR_EXT_STREAM,
);
