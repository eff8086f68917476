// SPDX-License-Identifier: GPL-2.0-only
/*
 * echo: what one open file wrote, it reads back, in the order it was written;
 * then 0, the end. Two opens know nothing of each other.
 *
 * An open holds up to ECHO_SIZE bytes that have not been read; what does not
 * fit is a short write, and ENOSPC when nothing does. Once all is read there
 * is room again. Threads that share one open have to take turns.
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
