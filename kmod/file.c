// SPDX-License-Identifier: GPL-2.0-only
/*
 * An open file. Its transfers are in io.c, ioctl in ioctl.c, mmap in mem.c.
 */
#include <linux/cgroup.h>
#include <linux/cleanup.h>
#include <linux/cred.h>
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/overflow.h>
#include <linux/poll.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/slab.h>

#include "dev.h"
#include "file.h"
#include "io.h"
#include "log.h"
#include "ops.h"
#include "trace.h"

static atomic64_t last_id = ATOMIC64_INIT(0);

/**
 * chr_ext_check_return() - check the return value of an op
 * @dev: the device
 * @op: name of the op
 * @ret: what it returned
 * @max: the largest valid number
 *
 * The numbers from 512 on are the kernel's own; some of them, such as
 * EIOCBQUEUED, are promises that a caller in the VFS acts upon. A number that is
 * neither a small one nor near an errno may be an address: it is not printed.
 *
 * Return: @ret, or -EIO if it is neither in 0..@max nor an errno.
 */
long chr_ext_check_return(struct chr_ext_device *dev, const char *op, long ret,
			  u64 max)
{
	if (likely(ret >= 0 ? ret <= max : ret > -512))
		return ret;

	chr_ext_stat_add(dev, STAT_BAD_RETURNS, 1);
	if (ret >= -MAX_ERRNO && ret <= MAX_ERRNO)
		chr_ext_log_note(dev->drv->log, CHR_EXT_ERR,
				 "%s: %s returned %ld; -511 to %llu are valid",
				 dev_name(&dev->dev), op, ret, max);
	else
		chr_ext_log_note(dev->drv->log, CHR_EXT_ERR,
				 "%s: %s returned a number that is no errno; -511 to %llu are valid",
				 dev_name(&dev->dev), op, max);
	return -EIO;
}

/**
 * chr_ext_cgroup_id() - id of the caller's cgroup in the default hierarchy
 */
u64 chr_ext_cgroup_id(void)
{
#ifdef CONFIG_CGROUPS
	guard(rcu)();
	return cgroup_id(task_dfl_cgroup(current));
#else
	return 0;
#endif
}

/* See chr_ext_has_op(). */
int chr_ext_has_op_at(struct chr_ext_open *f, enum chr_ext_op op, size_t offset)
{
	const struct chr_ext_ops *ops;
	int ret, idx;

	ops = chr_ext_enter(f->dev, op, &idx);
	if (!ops)
		return -ENODEV;
	ret = *(void *const *)((const void *)ops + offset) != NULL;
	chr_ext_leave(f->dev, op, idx);
	return ret;
}

static struct chr_ext_open *open_alloc(struct chr_ext_device *dev,
				       struct file *file)
{
	u32 size = dev->drv->conf.file_size;
	struct chr_ext_open *f;

	f = kvzalloc(struct_size(f, data, size), GFP_KERNEL_ACCOUNT);
	if (!f)
		return NULL;

	f->pub.id = atomic64_inc_return(&last_id);
	f->pub.dev = &dev->pub;
	f->pub.flags = file->f_flags;
	f->pub.uid = from_kuid(&init_user_ns, file->f_cred->uid);
	f->pub.gid = from_kgid(&init_user_ns, file->f_cred->gid);
	f->pub.tgid = task_tgid_nr(current);
	f->pub.size = size;
	f->pub.cgroup_id = chr_ext_cgroup_id();
	f->dev = dev;
	f->file = file;

	mutex_init(&f->own_turn.lock);
	if (dev->drv->conf.flags & CHR_EXT_SERIAL_DEV)
		f->turn = &dev->turn;
	else if (dev->drv->conf.flags & CHR_EXT_SERIAL_FILE)
		f->turn = &f->own_turn;
	return f;
}

static void open_free(struct chr_ext_open *f)
{
	kvfree(f->spare);
	kvfree(f);
}

/* Add the file to the list inside the guard, so that a revoke finds it. */
static long call_open(struct chr_ext_open *f, const struct chr_ext_ops *ops,
		      void *arg)
{
	u32 *flags = arg;
	long ret = ops->open ? ops->open(&f->pub, *flags) : 0;

	ret = chr_ext_check_return(f->dev, "open", ret, 0);
	if (ret == -EAGAIN)
		*flags |= CHR_EXT_IO_AGAIN;
	if (!ret) {
		guard(mutex)(&f->dev->lock);
		list_add_tail(&f->node, &f->dev->files);
		f->dev->nr_files++;
	}
	return ret;
}

/* Run the close op, unless it has run. */
static void file_close(struct chr_ext_open *f)
{
	u64 start = trace_chr_ext_close_enabled() ? ktime_get_ns() : 0;
	const struct chr_ext_ops *ops;
	int idx;

	lockdep_assert_held(&f->dev->closing.lock);
	if (f->closed)
		return;
	f->closed = true;

	if (f->turn)
		chr_ext_turn_insist(f->turn, f->dev);
	ops = chr_ext_enter_dead(f->dev, CHR_EXT_OP_close, &idx);
	/* A revoke sets a limit for all that it waits for. */
	if (!READ_ONCE(f->dev->dead))
		chr_ext_set_limit(f->dev, CHR_EXT_MAX_REMOVE_MS);
	WRITE_ONCE(f->dev->runner, current);
	if (ops->close)
		ops->close(&f->pub);
	WRITE_ONCE(f->dev->runner, NULL);
	chr_ext_leave(f->dev, CHR_EXT_OP_close, idx);
	if (f->turn)
		chr_ext_turn_give(f->turn, f->dev);
	trace_chr_ext_close(f, 0, 0, start);
}

/**
 * chr_ext_file_close_all() - run close for each open file
 * @dev: a dead device whose guard has been drained
 *
 * The files stay open; calls on them fail with -ENODEV. No file is added any
 * more, and none is removed without the lock that is held here.
 */
void chr_ext_file_close_all(struct chr_ext_device *dev)
{
	struct chr_ext_open *f;

	chr_ext_turn_insist(&dev->closing, dev);
	list_for_each_entry(f, &dev->files, node) {
		file_close(f);
		cond_resched();
	}
	chr_ext_turn_give(&dev->closing, dev);
}

static int chr_ext_open(struct inode *inode, struct file *file)
{
	struct chr_ext_device *dev = container_of(inode->i_cdev,
						  struct chr_ext_device, cdev);
	u64 start = trace_chr_ext_open_enabled() ? ktime_get_ns() : 0;
	u32 flags = file->f_flags & O_NONBLOCK ? CHR_EXT_IO_NONBLOCK : 0;
	struct chr_ext_open *f;
	int err;

	f = open_alloc(dev, file);
	if (!f)
		return -ENOMEM;

	err = chr_ext_call(f, CHR_EXT_OP_open, CHR_EXT_WAIT_ANY,
			   flags & CHR_EXT_IO_NONBLOCK, call_open, &flags);
	trace_chr_ext_open(f, 0, err, start);
	if (err) {
		chr_ext_count_error(dev, err);
		open_free(f);
		return err;
	}

	chr_ext_stat_add(dev, STAT_OPENS, 1);
	get_device(&dev->dev);
	file->private_data = f;
	/* Ops that cannot sleep: io_uring needs no thread to call them from. */
	if (!(READ_ONCE(dev->drv->conf.internal) & CHR_EXT_RW_SLEEPS))
		file->f_mode |= FMODE_NOWAIT;
	if (!(dev->drv->conf.flags & (CHR_EXT_SEEKABLE | CHR_EXT_NULL_SEEK)))
		stream_open(inode, file);
	return 0;
}

static int chr_ext_release(struct inode *inode, struct file *file)
{
	struct chr_ext_open *f = file->private_data;
	struct chr_ext_device *dev = f->dev;

	chr_ext_turn_insist(&dev->closing, dev);
	file_close(f);
	scoped_guard(mutex, &dev->lock) {
		list_del(&f->node);
		dev->nr_files--;
	}
	chr_ext_turn_give(&dev->closing, dev);
	open_free(f);
	put_device(&dev->dev);
	return 0;
}

/* A call that a signal must not prevent. It waits only for its turn. */
static long call_for_sure(struct chr_ext_open *f, enum chr_ext_op op,
			  chr_ext_call_t call, void *arg)
{
	const struct chr_ext_ops *ops;
	long ret = -ENODEV;
	int idx;

	if (f->turn)
		chr_ext_turn_insist(f->turn, f->dev);
	ops = chr_ext_enter(f->dev, op, &idx);
	if (ops) {
		ret = call(f, ops, arg);
		chr_ext_leave(f->dev, op, idx);
	}
	if (f->turn)
		chr_ext_turn_give(f->turn, f->dev);
	return ret;
}

static long call_flush(struct chr_ext_open *f, const struct chr_ext_ops *ops,
		       void *arg)
{
	if (!ops->flush)
		return 0;
	return chr_ext_check_return(f->dev, "flush", ops->flush(&f->pub), 0);
}

/* Nothing is left to flush on a revoked device. */
static int chr_ext_flush(struct file *file, fl_owner_t id)
{
	struct chr_ext_open *f = file->private_data;
	long ret;

	if (chr_ext_has_op(f, flush) <= 0)
		return 0;
	ret = call_for_sure(f, CHR_EXT_OP_flush, call_flush, NULL);
	return ret == -ENODEV ? 0 : ret;
}

static long call_fsync(struct chr_ext_open *f, const struct chr_ext_ops *ops,
		       void *arg)
{
	u32 *flags = arg;
	long ret;

	if (!ops->fsync)
		return -EINVAL;
	ret = chr_ext_check_return(f->dev, "fsync",
				   ops->fsync(&f->pub, *flags), 0);
	if (ret == -EAGAIN)
		*flags |= CHR_EXT_IO_AGAIN;
	return ret;
}

static int chr_ext_fsync(struct file *file, loff_t start, loff_t end,
			 int datasync)
{
	u32 flags = datasync ? CHR_EXT_IO_DATASYNC : 0;

	return chr_ext_call(file->private_data, CHR_EXT_OP_fsync,
			    CHR_EXT_WAIT_ANY, false, call_fsync, &flags);
}

struct seek {
	loff_t offset;
	int whence;
	bool served;
	loff_t pos;
};

/* The position is returned in the struct: a long may be too small for it. */
static long call_llseek(struct chr_ext_open *f, const struct chr_ext_ops *ops,
			void *arg)
{
	struct seek *seek = arg;

	if (!ops->llseek)
		return 0;

	seek->served = true;
	seek->pos = ops->llseek(&f->pub, seek->offset, seek->whence);
	if (seek->pos < 0)
		seek->pos = chr_ext_check_return(f->dev, "llseek", seek->pos, 0);
	return 0;
}

/* The op gets the target, never the current position. */
static loff_t seek_by_driver(struct file *file, loff_t offset, int whence)
{
	struct seek seek = { .offset = offset, .whence = whence };
	long err;

	if (whence == SEEK_CUR) {
		if (check_add_overflow(file->f_pos, offset, &seek.offset))
			return -EOVERFLOW;
		seek.whence = SEEK_SET;
	}
	if (seek.whence == SEEK_SET && seek.offset < 0)
		return -EINVAL;

	err = chr_ext_call_once(file->private_data, CHR_EXT_OP_llseek, false,
				call_llseek, &seek);
	if (err)
		return err;
	if (!seek.served)
		return no_seek_end_llseek(file, offset, whence);
	return seek.pos < 0 ? seek.pos : (file->f_pos = seek.pos);
}

static loff_t chr_ext_llseek(struct file *file, loff_t offset, int whence)
{
	struct chr_ext_open *f = file->private_data;

	if (READ_ONCE(f->dev->dead))
		return -ENODEV;
	if (f->dev->drv->conf.flags & CHR_EXT_NULL_SEEK)
		return file->f_pos = 0;
	return seek_by_driver(file, offset, whence);
}

static long call_poll(struct chr_ext_open *f, const struct chr_ext_ops *ops,
		      void *arg)
{
	const u32 valid = (__force u32)CHR_EXT_EVENTS;
	__poll_t *events = arg;
	u32 ret;

	*events = DEFAULT_POLLMASK;
	if (!ops->poll)
		return 0;

	ret = ops->poll(&f->pub);
	if (ret & ~valid) {
		chr_ext_stat_add(f->dev, STAT_BAD_RETURNS, 1);
		chr_ext_log_note(f->dev->drv->log, CHR_EXT_ERR,
				 "%s: poll returned bits other than EPOLL*; 0x%x are valid",
				 dev_name(&f->dev->dev), valid);
		ret = (__force u32)EPOLLERR;
	}
	*events = (__force __poll_t)ret;
	return 0;
}

/* Not interruptible: epoll would take that for "no events". */
static __poll_t chr_ext_poll(struct file *file, poll_table *wait)
{
	struct chr_ext_open *f = file->private_data;
	__poll_t events;

	poll_wait(file, &f->dev->wait, wait);
	if (call_for_sure(f, CHR_EXT_OP_poll, call_poll, &events))
		return EPOLLERR | EPOLLHUP;
	/* An op that wakes its own caller makes it poll again without a pause. */
	cond_resched();
	return events;
}

static int chr_ext_fasync(int fd, struct file *file, int on)
{
	struct chr_ext_open *f = file->private_data;

	return fasync_helper(fd, file, on, &f->dev->fasync);
}

static void chr_ext_show_fdinfo(struct seq_file *m, struct file *file)
{
	struct chr_ext_open *f = file->private_data;

	seq_printf(m, "chr_ext-driver:\t%s\n", f->dev->drv->conf.name);
	seq_printf(m, "chr_ext-device:\t%s\n", dev_name(&f->dev->dev));
	seq_printf(m, "chr_ext-state:\t%s\n",
		   READ_ONCE(f->dev->dead) ? "revoked" : "live");
	seq_printf(m, "chr_ext-file:\t%llu\n", f->pub.id);
	seq_printf(m, "chr_ext-reads:\t%lld\n", atomic64_read(&f->reads));
	seq_printf(m, "chr_ext-read-bytes:\t%lld\n",
		   atomic64_read(&f->read_bytes));
	seq_printf(m, "chr_ext-writes:\t%lld\n", atomic64_read(&f->writes));
	seq_printf(m, "chr_ext-written-bytes:\t%lld\n",
		   atomic64_read(&f->written_bytes));
}

const struct file_operations chr_ext_fops = {
	.owner = THIS_MODULE,
	.open = chr_ext_open,
	.release = chr_ext_release,
	.read_iter = chr_ext_read_iter,
	.write_iter = chr_ext_write_iter,
	.splice_read = chr_ext_splice_read,
	.splice_write = chr_ext_splice_write,
	.llseek = chr_ext_llseek,
	.poll = chr_ext_poll,
	.unlocked_ioctl = chr_ext_ioctl,
#ifdef CONFIG_COMPAT
	.compat_ioctl = chr_ext_compat_ioctl,
#endif
	.CHR_EXT_MMAP_OP = chr_ext_mmap,
	.fsync = chr_ext_fsync,
	.flush = chr_ext_flush,
	.fasync = chr_ext_fasync,
	.show_fdinfo = chr_ext_show_fdinfo,
};
