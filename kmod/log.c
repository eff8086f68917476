// SPDX-License-Identifier: GPL-2.0-only
/*
 * Logs of drivers: a ring of records for each name of a driver, with what its
 * programs log and what happens to it, read through debugfs (chr_ext/<name>). A
 * log outlives its driver, to show why it went; the next driver of that name
 * continues it.
 *
 * A read returns one record, "level,seq,usec,device;text". It waits for one
 * unless O_NONBLOCK is set, and returns 0 when the log is dropped.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cleanup.h>
#include <linux/ctype.h>
#include <linux/debugfs.h>
#include <linux/irq_work.h>
#include <linux/kref.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/ratelimit.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>
#include <linux/uaccess.h>

#include "log.h"

#define LOG_RECORDS	256	/* in a ring; a power of two */
#define LOG_KEEP	16	/* logs of detached drivers */

struct log_record {
	u64 usec;
	u8 level;
	char dev[CHR_EXT_NAME_LEN];
	char text[CHR_EXT_LOG_LEN];
};

/*
 * users counts the drivers of this name: attached, about to be refused, or
 * detached while a file is still open; protected by logs_lock. Of the logs without
 * users the last LOG_KEEP are kept.
 *
 * ref is held by the list of logs and by each reader.
 */
struct chr_ext_log {
	struct kref ref;
	struct list_head node;		/* in logs, the longest unused first */
	unsigned int users;
	struct dentry *dentry;
	struct ratelimit_state dmesg_rate;
	bool dropped;			/* readers have to leave */
	raw_spinlock_t lock;		/* next, ring; taken with preemption off */
	u64 next;			/* number of the next record */
	char name[CHR_EXT_NAME_LEN];
	struct log_record ring[LOG_RECORDS];
};

static DEFINE_MUTEX(logs_lock);		/* logs, nr_idle, chr_ext_log.users */
static LIST_HEAD(logs);
static unsigned int nr_idle;
static struct dentry *logs_dir;

/* Shared by all logs: a poller stays in the queue when its log is dropped. */
static DECLARE_WAIT_QUEUE_HEAD(log_wait);

static void log_wake(struct irq_work *work)
{
	wake_up_interruptible(&log_wait);
}

/* Programs log with preemption off, where PREEMPT_RT cannot wake readers. */
static DEFINE_IRQ_WORK(wake_work, log_wake);

static bool dmesg;
module_param(dmesg, bool, 0644);
MODULE_PARM_DESC(dmesg, "Copy the drivers' messages to the kernel log, rate-limited");

struct log_reader {
	struct chr_ext_log *log;
	struct mutex lock;		/* next */
	u64 next;			/* number of the record to read */
};

static void log_free(struct kref *ref)
{
	kvfree(container_of(ref, struct chr_ext_log, ref));
}

static int log_open(struct inode *inode, struct file *file)
{
	struct log_reader *r = kzalloc(sizeof(*r), GFP_KERNEL_ACCOUNT);

	if (!r)
		return -ENOMEM;
	mutex_init(&r->lock);
	/* debugfs does not drop the log while this runs. */
	r->log = inode->i_private;
	kref_get(&r->log->ref);
	file->private_data = r;
	return nonseekable_open(inode, file);
}

static int log_release(struct inode *inode, struct file *file)
{
	struct log_reader *r = file->private_data;

	kref_put(&r->log->ref, log_free);
	kfree(r);
	return 0;
}

static bool log_has(struct chr_ext_log *log, u64 seq)
{
	return READ_ONCE(log->dropped) || READ_ONCE(log->next) != seq;
}

/* Copies the record @seq, or the oldest after it. Return: its number. */
static u64 log_copy(struct chr_ext_log *log, u64 seq, struct log_record *rec)
{
	guard(raw_spinlock_irqsave)(&log->lock);
	if (log->next - seq > LOG_RECORDS)
		seq = log->next - LOG_RECORDS;
	*rec = log->ring[seq % LOG_RECORDS];
	return seq;
}

static ssize_t log_read(struct file *file, char __user *buf, size_t count,
			loff_t *ppos)
{
	struct log_reader *r = file->private_data;
	struct chr_ext_log *log = r->log;
	char line[CHR_EXT_LOG_LEN + CHR_EXT_NAME_LEN + 64];
	struct log_record rec;
	size_t len;
	u64 seq;
	int err;

	err = mutex_lock_interruptible(&r->lock);
	if (err)
		return err;

	err = -EAGAIN;
	if (!log_has(log, r->next) && file->f_flags & O_NONBLOCK)
		goto out;
	err = wait_event_interruptible(log_wait, log_has(log, r->next));
	if (err || READ_ONCE(log->dropped))
		goto out;

	seq = log_copy(log, r->next, &rec);
	len = scnprintf(line, sizeof(line), "%u,%llu,%llu,%s;%s\n", rec.level,
			seq, rec.usec, rec.dev, rec.text);
	err = -EINVAL;
	if (len > count)
		goto out;
	err = -EFAULT;
	if (copy_to_user(buf, line, len))
		goto out;
	r->next = seq + 1;
	err = len;
out:
	mutex_unlock(&r->lock);
	return err;
}

static __poll_t log_poll(struct file *file, poll_table *wait)
{
	struct log_reader *r = file->private_data;
	struct chr_ext_log *log = r->log;

	poll_wait(file, &log_wait, wait);
	if (READ_ONCE(log->dropped))
		return EPOLLIN | EPOLLRDNORM | EPOLLHUP;
	return log_has(log, READ_ONCE(r->next)) ? EPOLLIN | EPOLLRDNORM : 0;
}

static const struct file_operations log_fops = {
	.owner = THIS_MODULE,
	.open = log_open,
	.release = log_release,
	.read = log_read,
	.poll = log_poll,
};

static void log_drop(struct chr_ext_log *log)
{
	list_del(&log->node);
	WRITE_ONCE(log->dropped, true);
	wake_up_interruptible_all(&log_wait);
	debugfs_remove(log->dentry);
	kref_put(&log->ref, log_free);
}

static struct chr_ext_log *log_find(const char *name)
{
	struct chr_ext_log *log;

	list_for_each_entry(log, &logs, node)
		if (!strcmp(log->name, name))
			return log;
	return NULL;
}

static struct chr_ext_log *log_alloc(const char *name)
{
	struct chr_ext_log *log = kvzalloc(sizeof(*log), GFP_KERNEL_ACCOUNT);

	if (!log)
		return NULL;
	kref_init(&log->ref);
	strscpy(log->name, name, sizeof(log->name));
	raw_spin_lock_init(&log->lock);
	ratelimit_state_init(&log->dmesg_rate, DEFAULT_RATELIMIT_INTERVAL,
			     DEFAULT_RATELIMIT_BURST);
	/*
	 * Errors are ignored: without debugfs logs just cannot be read.
	 * "unsafe" leaves out debugfs's own protection, which would make
	 * log_drop() wait for a reader that faults in a page of its buffer.
	 */
	log->dentry = debugfs_create_file_unsafe(name, 0400, logs_dir, log,
						 &log_fops);
	list_add_tail(&log->node, &logs);
	nr_idle++;
	return log;
}

/**
 * chr_ext_log_get() - find or create the log of a driver
 * @name: the driver's name
 *
 * Return: the log, for chr_ext_log_put(), or NULL without memory.
 * Context: process, may sleep.
 */
struct chr_ext_log *chr_ext_log_get(const char *name)
{
	struct chr_ext_log *log;

	guard(mutex)(&logs_lock);
	log = log_find(name) ?: log_alloc(name);
	if (log && !log->users++)
		nr_idle--;
	return log;
}

/**
 * chr_ext_log_put() - release a log
 * @log: the log; it stays readable for a while
 *
 * Context: process, may sleep.
 */
void chr_ext_log_put(struct chr_ext_log *log)
{
	struct chr_ext_log *old, *tmp;

	guard(mutex)(&logs_lock);
	if (--log->users)
		return;

	list_move_tail(&log->node, &logs);
	nr_idle++;
	list_for_each_entry_safe(old, tmp, &logs, node) {
		if (nr_idle <= LOG_KEEP)
			break;
		if (!old->users) {
			nr_idle--;
			log_drop(old);
		}
	}
}

/* Copy a program's text as one line of printable characters. */
static void copy_text(char *to, const char *text, size_t len)
{
	size_t i;

	len = strnlen(text, min_t(size_t, len, CHR_EXT_LOG_LEN - 1));
	while (len && text[len - 1] == '\n')
		len--;
	for (i = 0; i < len; i++)
		to[i] = isascii(text[i]) && isprint(text[i]) ? text[i] : '?';
	to[len] = '\0';
}

/**
 * chr_ext_log_write() - add a record to a log
 * @log: the log
 * @level: as in syslog(3)
 * @dev: name of the device
 * @text: the message, which need not be terminated
 * @len: bytes in @text
 *
 * Context: any but NMI.
 */
void chr_ext_log_write(struct chr_ext_log *log, unsigned int level,
		       const char *dev, const char *text, size_t len)
{
	char line[CHR_EXT_LOG_LEN];
	struct log_record *rec;

	copy_text(line, text, len);

	scoped_guard(raw_spinlock_irqsave, &log->lock) {
		rec = &log->ring[log->next % LOG_RECORDS];
		rec->usec = ktime_get_ns() / NSEC_PER_USEC;
		rec->level = level;
		strscpy(rec->dev, dev, sizeof(rec->dev));
		strscpy(rec->text, line, sizeof(rec->text));
		WRITE_ONCE(log->next, log->next + 1);
	}
	irq_work_queue(&wake_work);

	if (READ_ONCE(dmesg) && __ratelimit(&log->dmesg_rate))
		printk("%s%u%s: %s: %s\n", KERN_SOH, level, KBUILD_MODNAME, dev,
		       line);
}

/**
 * chr_ext_log_note() - add a record of the framework
 * @log: the log
 * @level: as in syslog(3)
 * @fmt: format and values, as for printk()
 *
 * Context: any but NMI.
 */
void chr_ext_log_note(struct chr_ext_log *log, unsigned int level,
		      const char *fmt, ...)
{
	char text[CHR_EXT_LOG_LEN];
	va_list args;
	int len;

	va_start(args, fmt);
	len = vscnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	chr_ext_log_write(log, level, "-", text, len);
}

/**
 * chr_ext_refuse() - report a refusal
 * @err: what the caller gets, a positive errno
 * @log: the driver's log, or NULL while its name is not known to be valid
 * @name: what is refused; at most CHR_EXT_NAME_LEN - 1 characters are printed
 * @fmt: the reason, one sentence
 *
 * In the kernel log, rate-limited, and in the driver's.
 *
 * Return: -@err.
 * Context: process.
 */
int chr_ext_refuse(int err, struct chr_ext_log *log, const char *name,
		   const char *fmt, ...)
{
	static DEFINE_RATELIMIT_STATE(rate, DEFAULT_RATELIMIT_INTERVAL, 200);
	struct va_format text = { .fmt = fmt };
	va_list args;

	va_start(args, fmt);
	text.va = &args;
	if (__ratelimit(&rate))
		pr_err("%.*s: refused: %pV\n", CHR_EXT_NAME_LEN - 1, name,
		       &text);
	if (log)
		chr_ext_log_note(log, CHR_EXT_ERR, "%.*s: refused: %pV",
				 CHR_EXT_NAME_LEN - 1, name, &text);
	va_end(args);
	return -err;
}

void chr_ext_log_init(void)
{
	logs_dir = debugfs_create_dir("chr_ext", NULL);
}

void chr_ext_log_exit(void)
{
	struct chr_ext_log *log, *tmp;

	scoped_guard(mutex, &logs_lock)
		list_for_each_entry_safe(log, tmp, &logs, node)
			log_drop(log);
	irq_work_sync(&wake_work);
	debugfs_remove(logs_dir);
}
