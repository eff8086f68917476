// SPDX-License-Identifier: GPL-2.0-only
/*
 * fioc: a buffer that grows, after the example that comes with libfuse's CUSE,
 * with the same commands as that: its client works unchanged.
 *
 * read(2) and write(2) have a position: a write beyond the end makes the buffer
 * larger, with zeros in a gap, and a read there returns 0. The commands of
 * ioctl(2):
 *
 *	FIOC_GET_SIZE	return the size
 *	FIOC_SET_SIZE	make the buffer larger, with zeros, or smaller
 *	FIOC_READ	copy up to size bytes at offset to buf
 *	FIOC_WRITE	copy size bytes from buf to offset
 *
 * FIOC_READ and FIOC_WRITE return the number of bytes, and in prev_size and
 * new_size the size of the buffer before and after; they take a pointer to a
 * struct, though their numbers are those of commands without an argument. A call
 * that fails leaves the buffer as it was. Any other command fails with EINVAL,
 * and what does not fit with ENOMEM. 32-bit processes are served too. One call is
 * served at a time: with O_NONBLOCK another one fails with EAGAIN.
 *
 * Set at load, how large it can become:
 *	chrext load fioc.bpf.o --set dev_size=64K
 */
#include <chr_ext/chr_ext.bpf.h>

/* The kernel's size_t, and that of a 32-bit process. */
typedef __u64 user_size;
typedef __u32 user_size32;

struct fioc_rw_arg {
	__s64 offset;
	__u64 buf;
	user_size size;
	user_size prev_size;
	user_size new_size;
};

/* Built with a 64-bit off_t. */
struct fioc_rw_arg32 {
	__s64 offset;
	__u32 buf;
	user_size32 size;
	user_size32 prev_size;
	user_size32 new_size;
};

#define FIOC_GET_SIZE	_IOR('E', 0, user_size)
#define FIOC_SET_SIZE	_IOW('E', 1, user_size)
#define FIOC_READ	_IO('E', 2)
#define FIOC_WRITE	_IO('E', 3)

#define FIOC_GET_SIZE32	CHR_EXT_IOC32(FIOC_GET_SIZE)
#define FIOC_SET_SIZE32	CHR_EXT_IOC32(FIOC_SET_SIZE)

/* What a device's memory begins with; the buffer is the rest of it. */
struct fioc {
	__u64 size;		/* of what lies behind it, all is zero */
};

#define DATA	sizeof(struct fioc)

#define CHUNK	4096

/* Receives the caller's bytes that are only looked at. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u8[CHUNK]);
} scratch SEC(".maps");

static struct fioc *fioc_of(struct chr_ext_file *file)
{
	return (void *)chr_ext_dev_data(file->dev, sizeof(struct fioc));
}

/* How many bytes there can be. */
static __u64 fioc_room(struct chr_ext_file *file)
{
	return file->dev->size - DATA;
}

static void fioc_grow(struct fioc *f, __u64 end)
{
	if (f->size < end)
		f->size = end;
}

/* How many of @len bytes at @pos there are. */
static __u32 fioc_left(struct fioc *f, __u64 pos, __u64 len)
{
	if (pos >= f->size)
		return 0;
	return f->size - pos < len ? f->size - pos : len;
}

static long fioc_resize(struct chr_ext_file *file, struct fioc *f, __u64 size)
{
	if (size > fioc_room(file))
		return -ENOMEM;
	if (size < f->size)
		chr_ext_dev_clear(file->dev, DATA + size, f->size - size);
	f->size = size;
	return 0;
}

SEC("struct_ops/read")
long BPF_PROG(fioc_read, struct chr_ext_file *file, struct chr_ext_io *io)
{
	struct fioc *f = fioc_of(file);

	if (!f)
		return -ENOMEM;
	return chr_ext_io_put_dev(io, 0, file->dev, DATA + io->pos,
				  fioc_left(f, io->pos, io->len));
}

SEC("struct_ops/write")
long BPF_PROG(fioc_write, struct chr_ext_file *file, struct chr_ext_io *io)
{
	struct fioc *f = fioc_of(file);
	int n;

	if (!f)
		return -ENOMEM;
	if (!io->len)
		return 0;
	if (io->pos >= fioc_room(file))
		return -ENOMEM;
	n = chr_ext_io_get_dev(io, 0, file->dev, DATA + io->pos, io->len);
	fioc_grow(f, io->pos + n);
	return n;
}

/*
 * A copy into the buffer that meets a missing page leaves its mark there, so
 * all of the caller's bytes are looked at before. Return: 0 or -EFAULT.
 */
static long fioc_look(struct chr_ext_io *io, __u64 from, __u64 len)
{
	__u8 *to = bpf_map_lookup_elem(&scratch, &(__u32){ 0 });
	__u32 i, n;
	long err;

	bpf_for(i, 0, 1 << 16) {
		if (!to || !len)
			break;
		n = len < CHUNK ? len : CHUNK;
		err = chr_ext_user_get(io, from, to, n, 0);
		if (err)
			return err;
		from += n;
		len -= n;
	}
	return len ? -ENOMEM : 0;
}

/* Both sizes of a struct fioc_rw_arg. */
static long fioc_get_arg(struct chr_ext_io *io, struct fioc_rw_arg *arg)
{
	struct fioc_rw_arg32 arg32 = {};
	long err;

	if (!(io->flags & CHR_EXT_IO_COMPAT))
		return chr_ext_user_get(io, io->arg, arg, sizeof(*arg), 0);

	err = chr_ext_user_get(io, io->arg, &arg32, sizeof(arg32), 0);
	arg->offset = arg32.offset;
	arg->buf = arg32.buf;
	arg->size = arg32.size;
	return err;
}

static long fioc_put_arg(struct chr_ext_io *io, struct fioc_rw_arg *arg)
{
	struct fioc_rw_arg32 arg32 = {
		.offset = arg->offset,
		.buf = arg->buf,
		.size = arg->size,
		.prev_size = arg->prev_size,
		.new_size = arg->new_size,
	};

	if (!(io->flags & CHR_EXT_IO_COMPAT))
		return chr_ext_user_put(io, io->arg, arg, sizeof(*arg), 0);
	return chr_ext_user_put(io, io->arg, &arg32, sizeof(arg32), 0);
}

static long fioc_read_to(struct chr_ext_file *file, struct chr_ext_io *io,
			 struct fioc *f, struct fioc_rw_arg *arg)
{
	__u32 len = fioc_left(f, arg->offset, arg->size);
	long err = 0;

	arg->prev_size = arg->new_size = f->size;
	if (len)
		err = chr_ext_user_put_dev(io, arg->buf, DATA + arg->offset,
					   len, 0);
	return err ?: fioc_put_arg(io, arg) ?: len;
}

/* The buffer changes last: each call before can find a page missing. */
static long fioc_write_from(struct chr_ext_file *file, struct chr_ext_io *io,
			    struct fioc *f, struct fioc_rw_arg *arg)
{
	__u64 at = arg->offset, len = arg->size;
	long err;

	if (at > fioc_room(file) || len > fioc_room(file) - at)
		return -ENOMEM;
	arg->prev_size = f->size;
	arg->new_size = at + len > f->size ? at + len : f->size;
	err = fioc_look(io, arg->buf, len);
	if (!err)
		err = fioc_put_arg(io, arg);
	if (!err)
		err = chr_ext_user_get_dev(io, arg->buf, DATA + at, len, 0);
	if (err)
		return err;
	fioc_grow(f, at + len);
	return len;
}

static long fioc_rw(struct chr_ext_file *file, struct chr_ext_io *io,
		    struct fioc *f, bool write)
{
	struct fioc_rw_arg arg = {};
	long err = fioc_get_arg(io, &arg);

	if (err)
		return err;
	if (arg.offset < 0)
		return -EINVAL;
	return write ? fioc_write_from(file, io, f, &arg) :
		       fioc_read_to(file, io, f, &arg);
}

static long fioc_get_size(struct chr_ext_io *io, struct fioc *f)
{
	user_size32 size = f->size;

	if (io->len == sizeof(size))
		chr_ext_io_put(io, 0, &size, sizeof(size));
	else
		chr_ext_io_put(io, 0, &f->size, sizeof(f->size));
	return 0;
}

static long fioc_set_size(struct chr_ext_file *file, struct chr_ext_io *io,
			  struct fioc *f)
{
	user_size32 size32 = 0;
	user_size size = 0;
	int n;

	if (io->len == sizeof(size32))
		n = chr_ext_io_get(io, 0, &size32, sizeof(size32));
	else
		n = chr_ext_io_get(io, 0, &size, sizeof(size));
	return n < 0 ? n : fioc_resize(file, f, size32 ?: size);
}

SEC("struct_ops/ioctl")
long BPF_PROG(fioc_ioctl, struct chr_ext_file *file, __u32 cmd,
	      struct chr_ext_io *io)
{
	struct fioc *f = fioc_of(file);

	if (!f)
		return -ENOMEM;

	switch (cmd) {
	case FIOC_GET_SIZE:
	case FIOC_GET_SIZE32:
		return fioc_get_size(io, f);
	case FIOC_SET_SIZE:
	case FIOC_SET_SIZE32:
		return fioc_set_size(file, io, f);
	case FIOC_READ:
	case FIOC_WRITE:
		return fioc_rw(file, io, f, cmd == FIOC_WRITE);
	default:
		return -EINVAL;
	}
}

CHR_EXT_DRIVER(fioc,
	.read = (void *)fioc_read,
	.write = (void *)fioc_write,
	.ioctl = (void *)fioc_ioctl,
	.dev_size = DATA + (1 << 20),
	.mode = 0666,
	.flags = CHR_EXT_SEEKABLE | CHR_EXT_STREAM | CHR_EXT_SERIAL_DEV,
);
