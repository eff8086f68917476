// SPDX-License-Identifier: GPL-2.0-only
/*
 * kfuncs for the memory of devices and open files, and for the log.
 */
#include <linux/btf.h>
#include <linux/nospec.h>

#include "driver.h"
#include "family.h"
#include "file.h"
#include "kfuncs.h"
#include "log.h"

/* Why a program never gets any memory: once, in the driver's log. */
static void *no_memory(struct chr_ext_device *dev, u64 size,
		       enum chr_ext_note note, const char *member)
{
	if (!size)
		chr_ext_note_once(dev->drv, note,
				  "%s: a program asked for memory, but the driver sets no .%s",
				  dev_name(&dev->dev), member);
	return NULL;
}

__bpf_kfunc_start_defs();

/**
 * chr_ext_dev_data() - private memory of a device
 * @dev: the device
 * @rdwr_buf_size: bytes wanted, a constant
 *
 * Zeroed when the device appears, shared by all its files, and freed with it.
 *
 * Return: the memory, or NULL if the driver's dev_size is less.
 * Context: any; does not sleep.
 */
__bpf_kfunc u8 *chr_ext_dev_data(struct chr_ext_dev *dev,
				 const u32 rdwr_buf_size)
{
	struct chr_ext_device *d = to_device(dev);

	if (unlikely(!rdwr_buf_size || rdwr_buf_size > dev->size))
		return no_memory(d, dev->size, CHR_EXT_NOTE_DEV_SIZE, "dev_size");
	return d->data;
}

/**
 * chr_ext_dev_mem() - the pages of a device that users can mmap
 * @dev: the device
 * @offset: where in them, a multiple of 8
 * @rdwr_buf_size: bytes wanted, a constant
 *
 * Users read and write them at any time: read each value once, and check it.
 *
 * Return: the memory, or NULL if it is not within the driver's mem_size, or
 * @offset is not aligned.
 * Context: any; does not sleep.
 */
__bpf_kfunc u8 *chr_ext_dev_mem(struct chr_ext_dev *dev, u64 offset,
				const u32 rdwr_buf_size)
{
	struct chr_ext_device *d = to_device(dev);
	unsigned long room;

	if (unlikely(!rdwr_buf_size || rdwr_buf_size > dev->mem_size))
		return no_memory(d, dev->mem_size, CHR_EXT_NOTE_MEM_SIZE,
				 "mem_size");
	room = dev->mem_size - rdwr_buf_size + 1;
	if (offset % 8 || offset >= room)
		return NULL;
	return d->mem + array_index_nospec((unsigned long)offset, room);
}

/**
 * chr_ext_dev_clear() - zero bytes of a device's private memory
 * @dev: the device
 * @from: where in its memory
 * @len: number of bytes; clipped at the end of the memory
 *
 * Return: 0, or -EINVAL if @from is beyond the memory.
 * Context: any; does not sleep.
 */
__bpf_kfunc int chr_ext_dev_clear(struct chr_ext_dev *dev, u64 from, u64 len)
{
	unsigned long at;

	if (from > dev->size)
		return -EINVAL;
	at = array_index_nospec((unsigned long)from, dev->size + 1UL);
	if (dev->size)
		memset(to_device(dev)->data + at, 0, min(len, dev->size - at));
	return 0;
}

/**
 * chr_ext_log() - write a message to the driver's log
 * @dev: the device that it is about
 * @level: CHR_EXT_ERR and the like
 * @msg: the text, which ends at a NUL or with the memory
 * @msg__sz: bytes in @msg
 *
 * "chrext log" prints it; it is copied to the kernel log, rate-limited, if the
 * module's parameter dmesg is set. At most CHR_EXT_LOG_LEN - 1 characters are
 * kept; characters that cannot be printed become '?'.
 *
 * Return: 0, or -EINVAL for an unknown level.
 * Context: any; does not sleep.
 */
__bpf_kfunc int chr_ext_log(struct chr_ext_dev *dev, u32 level,
			    const char *msg, u32 msg__sz)
{
	struct chr_ext_device *d = to_device(dev);

	if (level < CHR_EXT_ERR || level > CHR_EXT_DEBUG)
		return -EINVAL;
	chr_ext_log_write(d->drv->log, level, dev_name(&d->dev), msg, msg__sz);
	return 0;
}

/**
 * chr_ext_file_data() - private memory of an open file
 * @file: the file
 * @rdwr_buf_size: bytes wanted, a constant
 *
 * Zeroed at open, freed after close.
 *
 * Return: the memory, or NULL if the driver's file_size is less.
 * Context: any; does not sleep.
 */
__bpf_kfunc u8 *chr_ext_file_data(struct chr_ext_file *file,
				  const u32 rdwr_buf_size)
{
	struct chr_ext_open *f = to_open(file);

	if (unlikely(!rdwr_buf_size || rdwr_buf_size > file->size))
		return no_memory(f->dev, file->size, CHR_EXT_NOTE_FILE_SIZE,
				 "file_size");
	return f->data;
}

__bpf_kfunc_end_defs();

BTF_KFUNCS_START(dev_kfuncs)
BTF_ID_FLAGS(func, chr_ext_dev_data, KF_TRUSTED_ARGS | KF_RET_NULL)
BTF_ID_FLAGS(func, chr_ext_dev_mem, KF_TRUSTED_ARGS | KF_RET_NULL)
BTF_ID_FLAGS(func, chr_ext_dev_clear, KF_TRUSTED_ARGS)
BTF_ID_FLAGS(func, chr_ext_log, KF_TRUSTED_ARGS)
BTF_KFUNCS_END(dev_kfuncs)

BTF_KFUNCS_START(file_kfuncs)
BTF_ID_FLAGS(func, chr_ext_file_data, KF_TRUSTED_ARGS | KF_RET_NULL)
BTF_KFUNCS_END(file_kfuncs)

static const struct chr_ext_kfuncs dev_kfunc_sets[] = {
	{ &dev_kfuncs, CHR_EXT_IN_ANY },
	{ &file_kfuncs, CHR_EXT_IN_FILE },
	{}
};

struct chr_ext_family chr_ext_dev_family __ro_after_init = {
	.name = "dev",
	.kfuncs = { dev_kfunc_sets },
};
