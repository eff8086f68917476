// SPDX-License-Identifier: GPL-2.0-only
/*
 * kfuncs on a transfer: the window, and copies between it and memory of the
 * program or the framework. Offsets and sizes are in bytes.
 */
#include <linux/bitmap.h>
#include <linux/btf.h>
#include <linux/nospec.h>
#include <linux/overflow.h>

#include "family.h"
#include "io.h"
#include "kfuncs.h"

/*
 * How much of @len at *@offset is inside @size, which is far below 4 GiB. The
 * offset is the program's or a user's: out of bounds it is 0 even in
 * speculation.
 */
static u32 clip(u64 *offset, u32 len, u64 size)
{
	if (*offset >= size)
		return 0;
	*offset = array_index_nospec((unsigned long)*offset,
				     (unsigned long)size);
	return min_t(u64, len, size - *offset);
}

/* A sink has no bytes, whatever length it is given. */
static u64 window_size(const struct chr_ext_xfer *xfer)
{
	return xfer->buf ? xfer->pub.len : 0;
}

/* Initialise the window up to @end. */
static bool io_fill(struct chr_ext_xfer *xfer, u32 end)
{
	if (xfer->arg)
		return chr_ext_arg_fill(xfer, end);
	chr_ext_io_clean(xfer, end);
	return true;
}

/* Mark bytes of the window that are about to be written. */
static void io_written(struct chr_ext_xfer *xfer, u32 offset, u32 len)
{
	if (xfer->arg) {
		bitmap_set(xfer->arg->written, offset, len);
		return;
	}
	chr_ext_io_clean(xfer, offset);
	xfer->clean = max(xfer->clean, offset + len);
}

static int io_put(struct chr_ext_xfer *xfer, u64 offset, const void *src,
		  u32 len)
{
	len = clip(&offset, len, window_size(xfer));
	if (!len)
		return 0;

	io_written(xfer, offset, len);
	/* The source may be a window of the same transfer. */
	memmove(xfer->buf + offset, src, len);
	return len;
}

static int io_get(struct chr_ext_xfer *xfer, u64 offset, void *dst, u32 len)
{
	len = clip(&offset, len, window_size(xfer));
	if (!len)
		return 0;

	if (!io_fill(xfer, offset + len))
		return -EFAULT;
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
 * In read the bytes are zero until the program writes them, in write and ioctl
 * they are the caller's. Of an ioctl's window those that the program changes go
 * back to the caller if the command has the direction _IOC_READ.
 *
 * A window of 4 bytes or more must begin at a multiple of 4, one of 8 or more
 * at a multiple of 8, because an atomic instruction may be used on it;
 * chr_ext_io_put() and chr_ext_io_get() take any offset.
 *
 * Return: the first of @rdwr_buf_size bytes; NULL if they are not all inside the
 * transfer (&chr_ext_io.len), if @offset is not aligned, or if the argument of an
 * ioctl cannot be read, see chr_ext_io_get().
 * Context: any; does not sleep.
 */
__bpf_kfunc u8 *chr_ext_io_window(struct chr_ext_io *io, u32 offset,
				  const u32 rdwr_buf_size)
{
	struct chr_ext_xfer *xfer = to_xfer(io);
	u32 align = rdwr_buf_size < 8 ? rdwr_buf_size & 4 : 8;
	u64 size = window_size(xfer), at = offset;

	if ((align && offset % align) || !rdwr_buf_size ||
	    clip(&at, rdwr_buf_size, size) != rdwr_buf_size)
		return NULL;
	if (!io_fill(xfer, at + rdwr_buf_size))
		return NULL;
	if (xfer->arg)
		xfer->arg->shown = true;
	return xfer->buf + at;
}

/**
 * chr_ext_io_put() - copy to the caller of a read or an ioctl
 * @io: the transfer
 * @offset: where in it
 * @src: memory of the program
 * @src__sz: bytes in it
 *
 * Bytes beyond the transfer are left out, so that the return value is also that
 * of a read that answers with @src. In ioctl they go to the caller if the op's
 * result is not negative, whatever the direction of the command.
 *
 * The verifier lets a program read its stack where it has written nothing, and
 * the caller would get what the kernel left there: initialise @src. It must be
 * memory that could be written: an array, not a string literal.
 *
 * Return: bytes copied.
 * Context: any; does not sleep.
 */
__bpf_kfunc int chr_ext_io_put(struct chr_ext_io *io, u32 offset,
			       const void *src, u32 src__sz)
{
	return io_put(to_xfer(io), offset, src, src__sz);
}

/**
 * chr_ext_io_get() - copy from the caller of a write or an ioctl
 * @io: the transfer
 * @offset: where in it
 * @dst: memory of the program
 * @dst__sz: bytes in it
 *
 * The rest of @dst stays as it was.
 *
 * The argument of an ioctl may be no address. If it cannot be read, the op must
 * return without changing anything: the framework faults the pages in and calls
 * it again, from its start, or fails with EFAULT, whatever the op returned.
 *
 * Return: bytes copied; -EFAULT if the argument of an ioctl cannot be read.
 * Context: any; does not sleep.
 */
__bpf_kfunc int chr_ext_io_get(struct chr_ext_io *io, u32 offset,
			       void *dst, u32 dst__sz)
{
	return io_get(to_xfer(io), offset, dst, dst__sz);
}

/**
 * chr_ext_io_put_file() - copy from a file's memory to the caller
 * @io: the transfer
 * @offset: where in it
 * @file: the file
 * @from: where in its private memory
 * @len: bytes to copy
 *
 * chr_ext_io_put(); bytes beyond the memory are left out too.
 *
 * Return: bytes copied.
 * Context: any; does not sleep.
 */
__bpf_kfunc int chr_ext_io_put_file(struct chr_ext_io *io, u32 offset,
				    struct chr_ext_file *file, u64 from, u32 len)
{
	struct chr_ext_open *f = to_open(file);

	len = clip(&from, len, f->pub.size);
	return len ? io_put(to_xfer(io), offset, f->data + from, len) : 0;
}

/**
 * chr_ext_io_get_file() - copy from the caller to a file's memory
 * @io: the transfer
 * @offset: where in it
 * @file: the file
 * @to: where in its private memory
 * @len: bytes to copy
 *
 * chr_ext_io_get(); bytes beyond the memory are left out too.
 *
 * Return: bytes copied; -EFAULT if the argument of an ioctl cannot be read.
 * Context: any; does not sleep.
 */
__bpf_kfunc int chr_ext_io_get_file(struct chr_ext_io *io, u32 offset,
				    struct chr_ext_file *file, u64 to, u32 len)
{
	struct chr_ext_open *f = to_open(file);

	len = clip(&to, len, f->pub.size);
	return len ? io_get(to_xfer(io), offset, f->data + to, len) : 0;
}

/**
 * chr_ext_io_put_dev() - copy from a device's memory to the caller
 * @io: the transfer
 * @offset: where in it
 * @dev: the device
 * @from: where in its private memory
 * @len: bytes to copy
 *
 * chr_ext_io_put(); bytes beyond the memory are left out too. Other files may
 * write there at the same time.
 *
 * Return: bytes copied.
 * Context: any; does not sleep.
 */
__bpf_kfunc int chr_ext_io_put_dev(struct chr_ext_io *io, u32 offset,
				   struct chr_ext_dev *dev, u64 from, u32 len)
{
	struct chr_ext_device *d = to_device(dev);

	len = clip(&from, len, d->pub.size);
	return len ? io_put(to_xfer(io), offset, d->data + from, len) : 0;
}

/**
 * chr_ext_io_get_dev() - copy from the caller to a device's memory
 * @io: the transfer
 * @offset: where in it
 * @dev: the device
 * @to: where in its private memory
 * @len: bytes to copy
 *
 * chr_ext_io_get(); bytes beyond the memory are left out too. Other files may
 * read them at the same time.
 *
 * Return: bytes copied; -EFAULT if the argument of an ioctl cannot be read.
 * Context: any; does not sleep.
 */
__bpf_kfunc int chr_ext_io_get_dev(struct chr_ext_io *io, u32 offset,
				   struct chr_ext_dev *dev, u64 to, u32 len)
{
	struct chr_ext_device *d = to_device(dev);

	len = clip(&to, len, d->pub.size);
	return len ? io_get(to_xfer(io), offset, d->data + to, len) : 0;
}

/**
 * chr_ext_io_put_mem() - copy from a device's pages to the caller
 * @io: the transfer
 * @offset: where in it
 * @dev: the device
 * @from: where in the pages that users can mmap
 * @len: bytes to copy
 *
 * chr_ext_io_put(); bytes beyond the pages are left out too. Users may
 * write there at the same time.
 *
 * Return: bytes copied.
 * Context: any; does not sleep.
 */
__bpf_kfunc int chr_ext_io_put_mem(struct chr_ext_io *io, u32 offset,
				   struct chr_ext_dev *dev, u64 from, u32 len)
{
	struct chr_ext_device *d = to_device(dev);

	len = clip(&from, len, d->pub.mem_size);
	return len ? io_put(to_xfer(io), offset, d->mem + from, len) : 0;
}

/**
 * chr_ext_io_get_mem() - copy from the caller to a device's pages
 * @io: the transfer
 * @offset: where in it
 * @dev: the device
 * @to: where in the pages that users can mmap
 * @len: bytes to copy
 *
 * chr_ext_io_get(); bytes beyond the pages are left out too. Users may
 * read them at the same time.
 *
 * Return: bytes copied; -EFAULT if the argument of an ioctl cannot be read.
 * Context: any; does not sleep.
 */
__bpf_kfunc int chr_ext_io_get_mem(struct chr_ext_io *io, u32 offset,
				   struct chr_ext_dev *dev, u64 to, u32 len)
{
	struct chr_ext_device *d = to_device(dev);

	len = clip(&to, len, d->pub.mem_size);
	return len ? io_get(to_xfer(io), offset, d->mem + to, len) : 0;
}

/**
 * chr_ext_io_set_pos() - set where a transfer took place
 * @io: the transfer
 * @pos: position of its first byte
 *
 * For a driver with CHR_EXT_SEEKABLE that chooses the place itself, as a write
 * with CHR_EXT_IO_APPEND does: the position of the file continues behind it.
 *
 * Return: 0; -EINVAL if @pos is negative or the transfer would end beyond the
 * largest position.
 * Context: any; does not sleep.
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
