/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef CHR_EXT_H
#define CHR_EXT_H

#include <linux/bpf.h>
#include <linux/btf_ids.h>
#include <linux/cdev.h>
#include <linux/completion.h>
#include <linux/device.h>
#include <linux/fs.h>
#include <linux/idr.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/platform_device.h>
#include <linux/poll.h>
#include <linux/refcount.h>
#include <linux/srcu.h>
#include <linux/types.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include <chr_ext/abi.h>

#include "compat.h"

/* What a driver may say of a file by poll, and of a device by chr_ext_wake(). */
#define CHR_EXT_EVENTS	(EPOLLIN | EPOLLPRI | EPOLLOUT | EPOLLERR |	\
			 EPOLLHUP | EPOLLRDNORM | EPOLLRDBAND |		\
			 EPOLLWRNORM | EPOLLWRBAND | EPOLLMSG | EPOLLRDHUP)

/*
 * What wakes a caller that waits for something else than data. No bit more:
 * POLLFREE among them would tell epoll that the queue goes away.
 */
#define CHR_EXT_ANY_EVENT	CHR_EXT_EVENTS

/* Transfers up to this size use a buffer on the stack. */
#define CHR_EXT_SMALL_IO	256

#define CHR_EXT_MINORS		65536

/* Name of the boards' devices on the platform bus. */
#define CHR_EXT_BOARD		"chr_ext_board"

struct chr_ext_events;
struct chr_ext_gpio;
struct chr_ext_log;

/*
 * An attached struct chr_ext_ops.
 *
 * ref is held by the registration and by each chr_ext_device.
 */
struct chr_ext_driver {
	struct kref ref;
	struct list_head node;		/* in the list of driver.c */
	struct platform_driver pdrv;
	struct chr_ext_log *log;

	/*
	 * Readers are the calls of ops. Who takes a device away sets its dead
	 * flag and waits for them, see chr_ext_dev_destroy(); who puts other
	 * ops in place waits too, see chr_ext_driver_update().
	 */
	struct srcu_struct srcu;

	/* Live until an update or unreg returns: only inside a guard. */
	const struct chr_ext_ops *ops;

	/*
	 * What outlives the ops: an open file can be older than the detach.
	 * An update changes max_io and timeout_ms only.
	 */
	char name[CHR_EXT_NAME_LEN];
	char compatible[CHR_EXT_MATCH_LEN];
	char core_name[CHR_EXT_NAME_LEN + 8];	/* in the driver core */
	u32 mode;
	u32 flags;
	u32 instances;
	u32 file_size;
	u32 dev_size;
	u32 max_io;
	u32 layout;
	u32 timeout_ms;
	u64 mem_size;

	struct of_device_id *matches;	/* compatible as a table, or NULL */
	struct ida indices;		/* of the devices that are bound */

	bool going;			/* set once, by unreg */
	struct platform_device **pdevs;	/* the virtual devices, or NULL */
	struct platform_device *adding;	/* the virtual device being added */
	int probe_err;			/* of that one */
};

enum chr_ext_stat {
	STAT_OPENS,
	STAT_READS,
	STAT_WRITES,
	STAT_IOCTLS,
	STAT_READ_BYTES,
	STAT_WRITTEN_BYTES,
	STAT_ERRORS,
	STAT_BAD_RETURNS,
	STAT_EVENTS,
	STAT_LOST_EVENTS,
	STAT_COUNT,
};

/* Per CPU, so that the fast path writes no shared cache line. */
struct chr_ext_stats {
	u64 count[STAT_COUNT];
};

/*
 * One op at a time. Who must not wait and comes while it is another's turn is
 * told so, and woken by the end of that turn.
 */
struct chr_ext_turn {
	struct mutex lock;		/* held while an op runs */
	bool missed;			/* somebody did not wait */
};

/*
 * A device.
 *
 * The reference count of @dev is the object's. It is held by the platform
 * device that it belongs to, by each chr_ext_open, and by the core while the
 * node is being opened or an attribute is in use.
 *
 * pins are what programs outside of an op hold, see chr_ext_dev_pin(), and one
 * of the device's own. A device that dies waits for them, so they need no
 * reference, and the last of them can go in any context.
 *
 * Locks, outermost first: closing, turn, the guard, lock.
 */
struct chr_ext_device {
	struct chr_ext_dev pub;
	bool dead;			/* set once; read inside the guard */
	bool probed;			/* set once, inside the guard */
	bool must_defer;		/* its probe is not to succeed */
	struct chr_ext_driver *drv;
	void *data;			/* pub.size bytes, for programs */
	void *mem;			/* pub.mem_size bytes, for users too */
	struct chr_ext_stats __percpu *stats;
	wait_queue_head_t wait;		/* sleepers and pollers, see wait.c */
	atomic_t waiting;		/* callers in chr_ext_wait() */
	struct fasync_struct *fasync;

	refcount_t pins;
	struct completion unpinned;
	wait_queue_head_t sleepers;	/* programs in chr_ext_sleep_us() */

	struct mutex hw_lock;		/* who adds to gpios; missing */
	char missing[CHR_EXT_CON_ID_LEN];	/* lines that are not there */
	struct chr_ext_gpio *gpios[CHR_EXT_MAX_GPIOS];
	struct chr_ext_events *events;	/* made once */

	struct chr_ext_turn turn;	/* with CHR_EXT_SERIAL_DEV */
	struct mutex closing;		/* close ops, chr_ext_open.closed */
	struct mutex lock;		/* files, nr_files */
	struct list_head files;
	unsigned int nr_files;

	struct work_struct again;	/* see driver.c */
	struct cdev cdev;
	struct device dev;
	struct rcu_head rcu;
};

/* A transfer buffer that an open file keeps for the next one. */
struct chr_ext_buf {
	u32 size;
	u8 data[] __aligned(8);
};

/*
 * One open of a device. Belongs to the struct file; holds a reference to the
 * device.
 */
struct chr_ext_open {
	struct chr_ext_file pub;
	struct chr_ext_device *dev;
	struct file *file;
	struct list_head node;		/* in dev->files */
	bool closed;			/* the close op has run */
	struct chr_ext_turn *turn;	/* around each op, or NULL */
	struct chr_ext_turn own_turn;	/* with CHR_EXT_SERIAL_FILE */
	struct chr_ext_buf *spare;	/* taken and given back by xchg() */
	atomic64_t reads, writes;
	atomic64_t read_bytes, written_bytes;
	u8 data[] __aligned(8);		/* pub.size bytes, for programs */
};

/*
 * One call of read, write or ioctl. On the caller's stack.
 *
 * [0, clean) of a read's buffer is initialised; what lies behind it is zeroed
 * before anyone can see it.
 */
struct chr_ext_xfer {
	struct chr_ext_io pub;
	s64 pos;			/* pub.pos before the op sets another */
	u8 *buf;
	u32 size;			/* of buf */
	u32 clean;
	bool fault;			/* the caller's memory ended early */

	/* ioctl: the part of the caller's memory that the op ran into */
	unsigned long want;
	u32 want_len;
	bool want_write;
};

static inline struct chr_ext_device *to_device(struct chr_ext_dev *dev)
{
	return container_of(dev, struct chr_ext_device, pub);
}

static inline struct chr_ext_open *to_open(struct chr_ext_file *file)
{
	return container_of(file, struct chr_ext_open, pub);
}

static inline struct chr_ext_xfer *to_xfer(struct chr_ext_io *io)
{
	return container_of(io, struct chr_ext_xfer, pub);
}

static inline void chr_ext_stat_add(struct chr_ext_device *dev,
				    enum chr_ext_stat stat, u64 n)
{
	this_cpu_add(dev->stats->count[stat], n);
}

/* main.c */
extern const struct class chr_ext_class;
extern dev_t chr_ext_devt;

/* ops.c */
int chr_ext_ops_register(void);

/* kfuncs.c */
int chr_ext_kfuncs_register(const struct btf *btf);

/* Which ops may call a kfunc; so may the callbacks that their programs start. */
enum {
	CHR_EXT_IN_DEV		= BIT(0),	/* probe, remove, update */
	CHR_EXT_IN_OPEN		= BIT(1),
	CHR_EXT_IN_CLOSE	= BIT(2),
	CHR_EXT_IN_READ		= BIT(3),
	CHR_EXT_IN_WRITE	= BIT(4),
	CHR_EXT_IN_IOCTL	= BIT(5),
	CHR_EXT_IN_SYNC		= BIT(6),	/* fsync and flush */
	CHR_EXT_IN_ASK		= BIT(7),	/* poll, llseek, mmap */
	CHR_EXT_IN_EVENT	= BIT(8),

	CHR_EXT_IN_IO		= CHR_EXT_IN_READ | CHR_EXT_IN_WRITE |
				  CHR_EXT_IN_IOCTL,
	CHR_EXT_IN_SYSCALL	= CHR_EXT_IN_OPEN | CHR_EXT_IN_IO |
				  CHR_EXT_IN_SYNC | CHR_EXT_IN_ASK,
	CHR_EXT_IN_FILE		= CHR_EXT_IN_SYSCALL | CHR_EXT_IN_CLOSE,
	CHR_EXT_IN_ANY		= CHR_EXT_IN_FILE | CHR_EXT_IN_DEV |
				  CHR_EXT_IN_EVENT,
};

/*
 * kfuncs with the same rule. A file in kfuncs/ ends in an array of these, and
 * the array in an empty one.
 */
struct chr_ext_kfuncs {
	const struct btf_id_set8 *set;
	unsigned int in;
};

extern const struct chr_ext_kfuncs chr_ext_io_kfuncs[];
extern const struct chr_ext_kfuncs chr_ext_dev_kfuncs[];
extern const struct chr_ext_kfuncs chr_ext_time_kfuncs[];
extern const struct chr_ext_kfuncs chr_ext_user_kfuncs[];
extern const struct chr_ext_kfuncs chr_ext_gpio_kfuncs[];
extern const struct chr_ext_kfuncs chr_ext_edge_kfuncs[];
extern const struct chr_ext_kfuncs chr_ext_play_kfuncs[];

/* driver.c */
struct chr_ext_driver *chr_ext_driver_get(struct chr_ext_driver *drv);
void chr_ext_driver_put(struct chr_ext_driver *drv);
int chr_ext_driver_reg(const struct chr_ext_ops *ops);
void chr_ext_driver_unreg(const struct chr_ext_ops *ops);
int chr_ext_driver_update(const struct chr_ext_ops *ops,
			  const struct chr_ext_ops *old);

/* dev.c */
struct chr_ext_device *chr_ext_dev_create(struct chr_ext_driver *drv,
					  struct device *parent, u32 index);
void chr_ext_dev_destroy(struct chr_ext_device *dev);
struct chr_ext_device *chr_ext_dev_pin(u64 id);
void chr_ext_dev_unpin(struct chr_ext_device *dev);
void chr_ext_dev_updated(struct chr_ext_driver *drv);
void chr_ext_drain_begin(void);
void chr_ext_drain_end(void);
bool chr_ext_must_end(void);
void chr_ext_dev_exit(void);

/* file.c */
extern const struct file_operations chr_ext_fops;
void chr_ext_file_close_all(struct chr_ext_device *dev);
u64 chr_ext_cgroup_id(void);
long chr_ext_check_return(struct chr_ext_device *dev, const char *op, long ret,
			  u64 max);

/* io.c */
ssize_t chr_ext_read_iter(struct kiocb *iocb, struct iov_iter *to);
ssize_t chr_ext_write_iter(struct kiocb *iocb, struct iov_iter *from);
void chr_ext_count_error(struct chr_ext_device *dev, long ret);
void chr_ext_io_clean(struct chr_ext_xfer *xfer, u32 end);

struct chr_ext_buf *chr_ext_buf_get(struct chr_ext_open *f, u32 size);
void chr_ext_buf_put(struct chr_ext_open *f, struct chr_ext_buf *buf);

/* ioctl.c */
long chr_ext_ioctl(struct file *file, unsigned int cmd, unsigned long arg);
long chr_ext_compat_ioctl(struct file *file, unsigned int cmd,
			  unsigned long arg);

/* mem.c */
int chr_ext_mem_alloc(struct chr_ext_device *dev);
void chr_ext_mem_revoke(struct chr_ext_device *dev);
int chr_ext_mmap(struct file *file, struct vm_area_struct *vma);

/* event.c */
extern struct workqueue_struct *chr_ext_wq;
int chr_ext_event_init(void);
void chr_ext_event_exit(void);
int chr_ext_events_init(struct chr_ext_device *dev);
void chr_ext_events_exit(struct chr_ext_device *dev);
void chr_ext_event(struct chr_ext_device *dev, struct chr_ext_event *event);

#ifdef CHR_EXT_HAVE_GPIO
/* kfuncs/gpio.c */
bool chr_ext_gpio_leaves(struct chr_ext_device *dev);
void chr_ext_gpio_release(struct chr_ext_device *dev);

/* board.c */
int chr_ext_board_init(void);
void chr_ext_board_exit(void);
const char *chr_ext_board_compatible(const struct platform_device *pdev);
const char *chr_ext_hardware_name(struct device *dev);
#else
static inline bool chr_ext_gpio_leaves(struct chr_ext_device *dev)
{
	return false;
}

static inline void chr_ext_gpio_release(struct chr_ext_device *dev)
{
}

static inline int chr_ext_board_init(void)
{
	return 0;
}

static inline void chr_ext_board_exit(void)
{
}

static inline const char *
chr_ext_board_compatible(const struct platform_device *pdev)
{
	return NULL;
}

static inline const char *chr_ext_hardware_name(struct device *dev)
{
	return dev_name(dev);
}
#endif

/* log.c */
void chr_ext_log_init(void);
void chr_ext_log_exit(void);
struct chr_ext_log *chr_ext_log_get(const char *name);
void chr_ext_log_put(struct chr_ext_log *log);
void chr_ext_log_write(struct chr_ext_log *log, unsigned int level,
		       const char *dev, const char *text, size_t len);
__printf(3, 4)
void chr_ext_log_note(struct chr_ext_log *log, unsigned int level,
		      const char *fmt, ...);

/* Why something is not there: in the kernel's log and in the driver's. */
#define chr_ext_refuse(print, drv, who, fmt, ...)			\
do {									\
	print("%s: refused: " fmt "\n", who, ##__VA_ARGS__);		\
	chr_ext_log_note((drv)->log, CHR_EXT_ERR, "%s: refused: " fmt,	\
			 who, ##__VA_ARGS__);				\
} while (0)

/*
 * The guard that every call of an op runs in. Returns the ops, or NULL when
 * the device is gone; then there is nothing to leave.
 *
 * Page faults are off inside: a program that reads the caller's memory by a
 * helper of the kernel's gets -EFAULT where it would have waited for the page,
 * which could be forever (userfaultfd, FUSE), and a detach with it.
 */
static inline const struct chr_ext_ops *
chr_ext_enter(struct chr_ext_device *dev, int *idx)
{
	*idx = srcu_read_lock(&dev->drv->srcu);
	if (unlikely(READ_ONCE(dev->dead))) {
		srcu_read_unlock(&dev->drv->srcu, *idx);
		return NULL;
	}
	pagefault_disable();
	return READ_ONCE(dev->drv->ops);
}

static inline void chr_ext_leave(struct chr_ext_device *dev, int idx)
{
	pagefault_enable();
	srcu_read_unlock(&dev->drv->srcu, idx);
}

/* The same for who revokes: the device is dead, an update may come. */
static inline const struct chr_ext_ops *
chr_ext_enter_dead(struct chr_ext_device *dev, int *idx)
{
	*idx = srcu_read_lock(&dev->drv->srcu);
	pagefault_disable();
	return READ_ONCE(dev->drv->ops);
}

/* wait.c */
long chr_ext_turn_take(struct chr_ext_turn *turn, bool nonblock);
void chr_ext_turn_give(struct chr_ext_turn *turn, struct chr_ext_device *dev);

/* Calls an op; @arg is what chr_ext_call() was given. */
typedef long (*chr_ext_call_t)(struct chr_ext_open *f,
			       const struct chr_ext_ops *ops, void *arg);

/* One call of an op of a file, in its turn. */
static __always_inline long chr_ext_call_once(struct chr_ext_open *f,
					      bool nonblock,
					      chr_ext_call_t call, void *arg)
{
	struct chr_ext_turn *turn = f->turn;
	const struct chr_ext_ops *ops;
	long ret;
	int idx;

	if (unlikely(turn)) {
		ret = chr_ext_turn_take(turn, nonblock);
		if (ret)
			return ret;
	}

	ret = -ENODEV;
	ops = chr_ext_enter(f->dev, &idx);
	if (likely(ops)) {
		ret = call(f, ops, arg);
		chr_ext_leave(f->dev, idx);
	}

	if (unlikely(turn))
		chr_ext_turn_give(turn, f->dev);
	return ret;
}

long chr_ext_wait(struct chr_ext_open *f, __poll_t events, chr_ext_call_t call,
		  void *arg);
void chr_ext_wake_up(struct chr_ext_device *dev, __poll_t events, bool all);

/*
 * A call of an op that may say -EAGAIN; unless @nonblock, the caller then sleeps
 * until the driver says that one of @events is there, and calls again.
 */
static __always_inline long chr_ext_call(struct chr_ext_open *f,
					 __poll_t events, bool nonblock,
					 chr_ext_call_t call, void *arg)
{
	long ret = chr_ext_call_once(f, nonblock, call, arg);

	if (likely(ret != -EAGAIN) || nonblock)
		return ret;
	return chr_ext_wait(f, events, call, arg);
}

#endif
