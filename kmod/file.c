// SPDX-License-Identifier: GPL-2.0-only
/*
 * An open file: open, release, lseek, poll, fdinfo. The transfers are in io.c.
 */
#include <linux/cgroup.h>
#include <linux/cleanup.h>
#include <linux/cred.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/splice.h>

#include "chr_ext.h"
#include "trace.h"

static atomic64_t last_id = ATOMIC64_INIT(0);

/**
 * chr_ext_check_return() - what an op returned is not to be trusted
 * @dev: the device
 * @op: name of the op
 * @ret: what it returned
 * @max: the most that is right
 *
 * The numbers from 512 on are the kernel's own; some of them, such as
 * EIOCBQUEUED, are promises that a caller in the VFS acts upon.
 *
 * Return: @ret, or -EIO when it is neither in 0..@max nor an errno
 */
long chr_ext_check_return(struct chr_ext_device *dev, const char *op, long ret,
			  u64 max)
{
	if (likely(ret >= 0 ? ret <= max : ret > -512))
		return ret;

	chr_ext_stat_add(dev, STAT_BAD_RETURNS, 1);
	chr_ext_log_note(dev->drv->log, CHR_EXT_ERR,
			 "%s: %s returned %ld; -511 to %llu are valid",
			 dev_name(&dev->dev), op, ret, max);
	return -EIO;
}

static u64 current_cgroup_id(void)
{
#ifdef CONFIG_CGROUPS
	guard(rcu)();
	return cgroup_id(task_dfl_cgroup(current));
#else
	return 0;
#endif
}

static struct chr_ext_open *open_alloc(struct chr_ext_device *dev,
				       struct file *file)
{
	u32 size = dev->drv->file_size;
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
	f->pub.cgroup_id = current_cgroup_id();
	f->dev = dev;
	return f;
}

static void open_free(struct chr_ext_open *f)
{
	kvfree(f->spare);
	kvfree(f);
}

/*
 * Runs the open op. A file whose open returned 0 is in the list before the
 * guard is left, so that a revoke finds it.
 */
static int file_open(struct chr_ext_open *f)
{
	struct chr_ext_device *dev = f->dev;
	const struct chr_ext_ops *ops;
	int ret = 0, idx;

	ops = chr_ext_enter(dev, &idx);
	if (!ops)
		return -ENODEV;

	if (ops->open)
		ret = ops->open(&f->pub);
	ret = chr_ext_check_return(dev, "open", ret, 0);
	if (!ret) {
		guard(mutex)(&dev->lock);
		list_add_tail(&f->node, &dev->files);
		dev->nr_files++;
	}
	chr_ext_leave(dev, idx);
	return ret;
}

/*
 * Runs the close op if nobody has. Either the device lives, or whoever revokes
 * it has yet to take the lock, so the ops are there.
 */
static void file_close(struct chr_ext_open *f)
{
	struct chr_ext_device *dev = f->dev;
	const struct chr_ext_ops *ops = dev->drv->ops;
	u64 start = trace_chr_ext_close_enabled() ? ktime_get_ns() : 0;

	lockdep_assert_held(&dev->lock);
	if (f->closed)
		return;

	f->closed = true;
	if (ops->close) {
		pagefault_disable();
		ops->close(&f->pub);
		pagefault_enable();
	}
	trace_chr_ext_close(f, 0, 0, start);
}

/**
 * chr_ext_file_close_all() - run close for each file that is still open
 * @dev: a dead device whose guard has been drained
 *
 * The files stay; their owners get -ENODEV.
 */
void chr_ext_file_close_all(struct chr_ext_device *dev)
{
	struct chr_ext_open *f;

	guard(mutex)(&dev->lock);
	list_for_each_entry(f, &dev->files, node) {
		file_close(f);
		cond_resched();
	}
}

static int chr_ext_open(struct inode *inode, struct file *file)
{
	struct chr_ext_device *dev = container_of(inode->i_cdev,
						  struct chr_ext_device, cdev);
	u64 start = trace_chr_ext_open_enabled() ? ktime_get_ns() : 0;
	struct chr_ext_open *f;
	int err;

	f = open_alloc(dev, file);
	if (!f)
		return -ENOMEM;

	err = file_open(f);
	trace_chr_ext_open(f, 0, err, start);
	if (err) {
		if (err != -ENODEV || !READ_ONCE(dev->dead))
			chr_ext_stat_add(dev, STAT_ERRORS, 1);
		open_free(f);
		return err;
	}

	chr_ext_stat_add(dev, STAT_OPENS, 1);
	get_device(&dev->dev);
	file->private_data = f;
	if (!(dev->drv->flags & (CHR_EXT_SEEKABLE | CHR_EXT_NULL_SEEK)))
		stream_open(inode, file);
	return 0;
}

static int chr_ext_release(struct inode *inode, struct file *file)
{
	struct chr_ext_open *f = file->private_data;
	struct chr_ext_device *dev = f->dev;

	scoped_guard(mutex, &dev->lock) {
		file_close(f);
		list_del(&f->node);
		dev->nr_files--;
	}
	open_free(f);
	put_device(&dev->dev);
	return 0;
}

static loff_t chr_ext_llseek(struct file *file, loff_t offset, int whence)
{
	struct chr_ext_open *f = file->private_data;

	if (READ_ONCE(f->dev->dead))
		return -ENODEV;
	if (f->dev->drv->flags & CHR_EXT_NULL_SEEK)
		return file->f_pos = 0;
	return no_seek_end_llseek(file, offset, whence);
}

static __poll_t chr_ext_poll(struct file *file, poll_table *wait)
{
	struct chr_ext_open *f = file->private_data;

	poll_wait(file, &f->dev->wait, wait);
	if (READ_ONCE(f->dev->dead))
		return EPOLLERR | EPOLLHUP;
	return DEFAULT_POLLMASK;
}

static void chr_ext_show_fdinfo(struct seq_file *m, struct file *file)
{
	struct chr_ext_open *f = file->private_data;

	seq_printf(m, "chr_ext-driver:\t%s\n", f->dev->drv->name);
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
	.splice_read = copy_splice_read,
	.splice_write = iter_file_splice_write,
	.llseek = chr_ext_llseek,
	.poll = chr_ext_poll,
	.show_fdinfo = chr_ext_show_fdinfo,
};
