// SPDX-License-Identifier: GPL-2.0-only
/*
 * kfuncs on a transfer: the window, and copies between it and memory that the
 * program or the framework has. Offsets and sizes are in bytes.
 */
#include <linux/btf.h>
#include <linux/overflow.h>

#include "family.h"
#include "io.h"
#include "kfuncs.h"

/* How much of @len at @offset is inside @size. */
static u32 clip(u64 offset, u32 len, u64 size)
{
	return offset < size ? min_t(u64, len, size - offset) : 0;
}

/* A sink has no bytes, whatever it was told to take. */
static u64 window_size(const struct chr_ext_xfer *xfer)
{
	return xfer->buf ? xfer->pub.len : 0;
}

static int io_put(struct chr_ext_xfer *xfer, u32 offset, const void *src,
		  u32 len)
{
	len = clip(offset, len, window_size(xfer));
	if (!len)
		return 0;

	/* The source may be a window of the same transfer. */
	chr_ext_io_clean(xfer, offset);
	memmove(xfer->buf + offset, src, len);
	xfer->clean = max(xfer->clean, offset + len);
	return len;
}

static int io_get(struct chr_ext_xfer *xfer, u32 offset, void *dst, u32 len)
{
	len = clip(offset, len, window_size(xfer));
	if (!len)
		return 0;

	chr_ext_io_clean(xfer, offset + len);
	memmove(dst, xfer->buf + offset, len);
	return len;
}

__bpf_kfunc_start_defs();

/**
 * chr_ext_io_window() - direct access to bytes of a transfer
 * @io: the transfer
 * @offset: where the window begins
 * @rdwr_buf_size: its size, a constant
 *
 * Ops: read, write, ioctl. In read the bytes are zero until the program
 * writes them.
 * A window of 4 bytes or more has to begin at a multiple of 4, one of 8 or more
 * at a multiple of 8, as an atomic instruction may be used on it; chr_ext_io_put()
 * and chr_ext_io_get() take any offset.
 *
 * Return: the first of @rdwr_buf_size bytes, or NULL when not all of them are
 * inside the transfer (&chr_ext_io.len), there are none, or @offset is not
 * aligned.
 * Context: any; does not sleep. Since ABI 1.
 */
__bpf_kfunc u8 *chr_ext_io_window(struct chr_ext_io *io, u32 offset,
				  const u32 rdwr_buf_size)
{
	struct chr_ext_xfer *xfer = to_xfer(io);
	u32 align = rdwr_buf_size < 8 ? rdwr_buf_size & 4 : 8;

	if (!rdwr_buf_size || (align && offset % align) ||
	    (u64)offset + rdwr_buf_size > window_size(xfer))
		return NULL;
	chr_ext_io_clean(xfer, offset + rdwr_buf_size);
	return xfer->buf + offset;
}

/**
 * chr_ext_io_put() - copy into a read
 * @io: the transfer
 * @offset: where in it
 * @src: memory of the program
 * @src__sz: bytes in it
 *
 * Ops: read, ioctl. What goes beyond the transfer is left out, so that the
 * return value is also that of a read that answers with @src. The verifier lets a
 * program read its stack where it has written nothing, and whoever may read the
 * device would get what the kernel left there: initialise @src. It wants memory
 * that could be written: an array, no string literal.
 *
 * Return: bytes copied.
 * Context: any; does not sleep. Since ABI 1.
 */
__bpf_kfunc int chr_ext_io_put(struct chr_ext_io *io, u32 offset,
			       const void *src, u32 src__sz)
{
	return io_put(to_xfer(io), offset, src, src__sz);
}

/**
 * chr_ext_io_get() - copy out of a write
 * @io: the transfer
 * @offset: where in it
 * @dst: memory of the program
 * @dst__sz: bytes in it
 *
 * Ops: write, ioctl. The rest of @dst stays as it was.
 *
 * Return: bytes copied.
 * Context: any; does not sleep. Since ABI 1.
 */
__bpf_kfunc int chr_ext_io_get(struct chr_ext_io *io, u32 offset,
			       void *dst, u32 dst__sz)
{
	return io_get(to_xfer(io), offset, dst, dst__sz);
}

/**
 * chr_ext_io_put_file() - copy from a file's memory into a read
 * @io: the transfer
 * @offset: where in it
 * @file: the file
 * @from: where in its memory
 * @len: bytes to copy
 *
 * Ops: read, ioctl. What lies beyond the transfer or the memory is left out.
 *
 * Return: bytes copied.
 * Context: any; does not sleep. Since ABI 1.
 */
__bpf_kfunc int chr_ext_io_put_file(struct chr_ext_io *io, u32 offset,
				    struct chr_ext_file *file, u64 from,
				    u32 len)
{
	struct chr_ext_open *f = to_open(file);

	len = clip(from, len, f->pub.size);
	return len ? io_put(to_xfer(io), offset, f->data + from, len) : 0;
}

/**
 * chr_ext_io_get_file() - copy out of a write into a file's memory
 * @io: the transfer
 * @offset: where in it
 * @file: the file
 * @to: where in its memory
 * @len: bytes to copy
 *
 * Ops: write, ioctl. What lies beyond the transfer or the memory is left out.
 *
 * Return: bytes copied.
 * Context: any; does not sleep. Since ABI 1.
 */
__bpf_kfunc int chr_ext_io_get_file(struct chr_ext_io *io, u32 offset,
				    struct chr_ext_file *file, u64 to, u32 len)
{
	struct chr_ext_open *f = to_open(file);

	len = clip(to, len, f->pub.size);
	return len ? io_get(to_xfer(io), offset, f->data + to, len) : 0;
}

/**
 * chr_ext_io_put_dev() - copy from a device's memory into a read
 * @io: the transfer
 * @offset: where in it
 * @dev: the device
 * @from: where in its memory
 * @len: bytes to copy
 *
 * Ops: read, ioctl. What lies beyond the transfer or the memory is left out. Nothing
 * keeps another file from writing there at the same time.
 *
 * Return: bytes copied.
 * Context: any; does not sleep. Since ABI 1.
 */
__bpf_kfunc int chr_ext_io_put_dev(struct chr_ext_io *io, u32 offset,
				   struct chr_ext_dev *dev, u64 from, u32 len)
{
	struct chr_ext_device *d = to_device(dev);

	len = clip(from, len, d->pub.size);
	return len ? io_put(to_xfer(io), offset, d->data + from, len) : 0;
}

/**
 * chr_ext_io_get_dev() - copy out of a write into a device's memory
 * @io: the transfer
 * @offset: where in it
 * @dev: the device
 * @to: where in its memory
 * @len: bytes to copy
 *
 * Ops: write, ioctl. What lies beyond the transfer or the memory is left out. Nothing
 * keeps another file from reading there at the same time.
 *
 * Return: bytes copied.
 * Context: any; does not sleep. Since ABI 1.
 */
__bpf_kfunc int chr_ext_io_get_dev(struct chr_ext_io *io, u32 offset,
				   struct chr_ext_dev *dev, u64 to, u32 len)
{
	struct chr_ext_device *d = to_device(dev);

	len = clip(to, len, d->pub.size);
	return len ? io_get(to_xfer(io), offset, d->data + to, len) : 0;
}

/**
 * chr_ext_io_put_mem() - copy from a device's pages into a read
 * @io: the transfer
 * @offset: where in it
 * @dev: the device
 * @from: where in the pages that users can mmap
 * @len: bytes to copy
 *
 * Ops: read, ioctl. What lies beyond the transfer or the pages is left out.
 *
 * Return: bytes copied.
 * Context: any; does not sleep. Since ABI 1.
 */
__bpf_kfunc int chr_ext_io_put_mem(struct chr_ext_io *io, u32 offset,
				   struct chr_ext_dev *dev, u64 from, u32 len)
{
	struct chr_ext_device *d = to_device(dev);

	len = clip(from, len, d->pub.mem_size);
	return len ? io_put(to_xfer(io), offset, d->mem + from, len) : 0;
}

/**
 * chr_ext_io_get_mem() - copy out of a write into a device's pages
 * @io: the transfer
 * @offset: where in it
 * @dev: the device
 * @to: where in the pages that users can mmap
 * @len: bytes to copy
 *
 * Ops: write, ioctl. What lies beyond the transfer or the pages is left out.
 *
 * Return: bytes copied.
 * Context: any; does not sleep. Since ABI 1.
 */
__bpf_kfunc int chr_ext_io_get_mem(struct chr_ext_io *io, u32 offset,
				   struct chr_ext_dev *dev, u64 to, u32 len)
{
	struct chr_ext_device *d = to_device(dev);

	len = clip(to, len, d->pub.mem_size);
	return len ? io_get(to_xfer(io), offset, d->mem + to, len) : 0;
}

/**
 * chr_ext_io_set_pos() - say where a transfer took place
 * @io: the transfer
 * @pos: position of its first byte
 *
 * Ops: read, write. For a driver with CHR_EXT_SEEKABLE that chooses the place
 * itself, as a write with CHR_EXT_IO_APPEND does: the position of the file
 * goes on behind it.
 *
 * Return: 0, or -EINVAL when @pos is negative or the transfer would end beyond
 * the largest position.
 * Context: any; does not sleep. Since ABI 1.
 */
__bpf_kfunc int chr_ext_io_set_pos(struct chr_ext_io *io, s64 pos)
{
	s64 end;

	if (pos < 0 || check_add_overflow(pos, io->len, &end))
		return -EINVAL;
	io->pos = pos;
	return 0;
}

__bpf_kfunc_end_defs();

BTF_KFUNCS_START(io_kfuncs)
BTF_ID_FLAGS(func, chr_ext_io_window, KF_TRUSTED_ARGS | KF_RET_NULL)
BTF_KFUNCS_END(io_kfuncs)

BTF_KFUNCS_START(io_pos_kfuncs)
BTF_ID_FLAGS(func, chr_ext_io_set_pos, KF_TRUSTED_ARGS)
BTF_KFUNCS_END(io_pos_kfuncs)

BTF_KFUNCS_START(io_put_kfuncs)
BTF_ID_FLAGS(func, chr_ext_io_put, KF_TRUSTED_ARGS)
BTF_ID_FLAGS(func, chr_ext_io_put_file, KF_TRUSTED_ARGS)
BTF_ID_FLAGS(func, chr_ext_io_put_dev, KF_TRUSTED_ARGS)
BTF_ID_FLAGS(func, chr_ext_io_put_mem, KF_TRUSTED_ARGS)
BTF_KFUNCS_END(io_put_kfuncs)

BTF_KFUNCS_START(io_get_kfuncs)
BTF_ID_FLAGS(func, chr_ext_io_get, KF_TRUSTED_ARGS)
BTF_ID_FLAGS(func, chr_ext_io_get_file, KF_TRUSTED_ARGS)
BTF_ID_FLAGS(func, chr_ext_io_get_dev, KF_TRUSTED_ARGS)
BTF_ID_FLAGS(func, chr_ext_io_get_mem, KF_TRUSTED_ARGS)
BTF_KFUNCS_END(io_get_kfuncs)

static const struct chr_ext_kfuncs io_kfunc_sets[] = {
	{ &io_kfuncs, CHR_EXT_IN_IO },
	{ &io_pos_kfuncs, CHR_EXT_IN_READ | CHR_EXT_IN_WRITE },
	{ &io_put_kfuncs, CHR_EXT_IN_READ | CHR_EXT_IN_IOCTL },
	{ &io_get_kfuncs, CHR_EXT_IN_WRITE | CHR_EXT_IN_IOCTL },
	{}
};

struct chr_ext_family chr_ext_io_family __ro_after_init = {
	.name = "io",
	.kfuncs = { io_kfunc_sets },
};
