/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The contract between chr_ext.ko and a driver written in BPF. Both sides
 * compile this file, and it is the reference manual of the ops.
 *
 * The handles of kfuncs, struct chr_ext_dev, chr_ext_file and chr_ext_io, have a
 * pointer member: the verifier would take memory of the program for a struct of
 * numbers only.
 */
#ifndef CHR_EXT_ABI_H
#define CHR_EXT_ABI_H

#define CHR_EXT_ABI		1	/* grows with each addition to this file */
#define CHR_EXT_VERSION		"0.2"

/* Where an object has the ABI that it was compiled for, for loaders. */
#define CHR_EXT_ABI_SECTION	".chr_ext.abi"

#define CHR_EXT_NAME_LEN	32	/* with the terminating NUL */
#define CHR_EXT_MATCH_LEN	512	/* with the terminating NUL */
#define CHR_EXT_COMPATIBLE_LEN	128	/* a string of it, likewise */

#define CHR_EXT_MAX_INSTANCES	1024	/* devices of one driver */
#define CHR_EXT_MAX_FILE_SIZE	(1U << 20)	/* bytes of memory a file */
#define CHR_EXT_MAX_DEV_SIZE	(1U << 28)	/* bytes of memory a device */
#define CHR_EXT_MAX_IO		(1U << 20)	/* bytes a call of an op */
#define CHR_EXT_DEFAULT_IO	(1U << 16)
#define CHR_EXT_MAX_MEM		(1U << 28)	/* bytes of pages for mmap(2) */
#define CHR_EXT_MAX_DELAY_US	100		/* of chr_ext_delay_us() */
#define CHR_EXT_MAX_SLEEP_US	1000000		/* of chr_ext_sleep_us() */
#define CHR_EXT_CON_ID_LEN	32	/* with the terminating NUL */
#define CHR_EXT_MAX_LINES	64	/* GPIO lines of a con_id */
#define CHR_EXT_MAX_GPIOS	16	/* con_ids of a device */
#define CHR_EXT_EVENT_QUEUE	1024	/* events of a device that wait */
#define CHR_EXT_MAX_TIMERS	8	/* of a device */
#define CHR_EXT_MIN_PERIOD_NS	100000	/* of a timer */
#define CHR_EXT_MAX_STEPS	65536	/* of chr_ext_gpio_play() */
#define CHR_EXT_MIN_HOLD_NS	5000	/* of a step of that */
#define CHR_EXT_MAX_PLAY_NS	60000000000ULL	/* of all of its steps */
#define CHR_EXT_LOG_LEN		160	/* bytes of a message that are kept */

/* Milliseconds that ops may sleep and delay, see chr_ext_sleep_us(). */
#define CHR_EXT_MAX_ATTACH_MS	1000	/* all probes of an attach (virtual) */
#define CHR_EXT_MAX_PROBE_MS	10000	/* any other probe */
#define CHR_EXT_MAX_REMOVE_MS	1000	/* all closes of a dying device; its remove */
#define CHR_EXT_MAX_DRAIN_MS	1000	/* any op, once something waits for it */

/**
 * enum chr_ext_flags - values of &chr_ext_ops.flags
 * @CHR_EXT_SEEKABLE: an open file has a position, which reads and writes move;
 *	pread(2), pwrite(2) and lseek(2) with SEEK_SET and SEEK_CUR work
 * @CHR_EXT_NULL_SEEK: every position is 0 and every seek succeeds, as with
 *	/dev/null; excludes CHR_EXT_SEEKABLE. With neither, files have no position:
 *	lseek(2) fails with ESPIPE
 * @CHR_EXT_STREAM: a request longer than &chr_ext_ops.max_io is given to the op
 *	piece by piece, until it is done or a call returns 0 or an error; without
 *	it the caller gets a short count, as from a message device
 * @CHR_EXT_SINK: write does not look at the bytes. Nothing is copied from the
 *	caller, whose buffer need not exist; the whole request is one call, without
 *	a window
 * @CHR_EXT_SERIAL_DEV: the ops of a device that serve files run one at a time. A
 *	caller that waits, for its turn or for the driver, can be interrupted; one
 *	that must not wait, and mmap(2), get EAGAIN. poll(2) and close(2) cannot be
 *	interrupted: see chr_ext_sleep_us() for what this means for other ops
 * @CHR_EXT_SERIAL_FILE: likewise, the ops of an open file; excludes
 *	CHR_EXT_SERIAL_DEV
 * @CHR_EXT_ALL_FLAGS: all of these
 *
 * /sys/class/chr_ext/flags has the bits that the loaded module knows.
 */
enum chr_ext_flags {
	CHR_EXT_SEEKABLE	= 1U << 0,
	CHR_EXT_NULL_SEEK	= 1U << 1,
	CHR_EXT_STREAM		= 1U << 2,
	CHR_EXT_SINK		= 1U << 3,
	CHR_EXT_SERIAL_DEV	= 1U << 4,
	CHR_EXT_SERIAL_FILE	= 1U << 5,
	CHR_EXT_ALL_FLAGS	= (1U << 6) - 1,
};

/* chr_ext_io.flags; NONBLOCK and AGAIN also for open, AGAIN for fsync */
#define CHR_EXT_IO_NONBLOCK	(1U << 0)	/* the caller must not wait */
#define CHR_EXT_IO_APPEND	(1U << 1)	/* write at the end of the data */
#define CHR_EXT_IO_COMPAT	(1U << 2)	/* ioctl of a 32-bit process */
#define CHR_EXT_IO_AGAIN	(1U << 3)	/* called again after -EAGAIN */
#define CHR_EXT_IO_DATASYNC	(1U << 4)	/* fdatasync(2), not fsync(2) */

/* Flags of chr_ext_wake(). */
#define CHR_EXT_WAKE_ONE	(1U << 0)	/* one sleeper, not all of them */

/* Initial direction, for chr_ext_gpio_get(). */
#define CHR_EXT_GPIO_ASIS	0	/* as they are */
#define CHR_EXT_GPIO_IN		1	/* inputs */
#define CHR_EXT_GPIO_OUT_LOW	2	/* outputs, not active */
#define CHR_EXT_GPIO_OUT_HIGH	3	/* outputs, active */

/* Flags of the kfuncs that get and set values. */
#define CHR_EXT_GPIO_RAW	(1U << 0)	/* electrical, not logical */

/* Parameters of chr_ext_gpio_set_config(). */
#define CHR_EXT_GPIO_PUSH_PULL		0
#define CHR_EXT_GPIO_OPEN_DRAIN		1
#define CHR_EXT_GPIO_OPEN_SOURCE	2
#define CHR_EXT_GPIO_BIAS_DISABLE	3
#define CHR_EXT_GPIO_PULL_UP		4
#define CHR_EXT_GPIO_PULL_DOWN		5
#define CHR_EXT_GPIO_DEBOUNCE		6	/* argument: microseconds */
#define CHR_EXT_GPIO_ACTIVE_LOW		7	/* argument: 0 or 1 */

/* For chr_ext_gpio_listen(), and chr_ext_event.edge: of the logical value. */
#define CHR_EXT_EDGE_RISING	(1U << 0)
#define CHR_EXT_EDGE_FALLING	(1U << 1)
#define CHR_EXT_EDGE_BOTH	(CHR_EXT_EDGE_RISING | CHR_EXT_EDGE_FALLING)

/* chr_ext_event.type */
#define CHR_EXT_EVENT_EDGE	1	/* an edge of a line */
#define CHR_EXT_EVENT_PLAYED	2	/* chr_ext_gpio_play() is over */
#define CHR_EXT_EVENT_TIMER	3	/* chr_ext_timer_start(): it expired */

/* Flags of chr_ext_timer_start(). */
#define CHR_EXT_TIMER_ABS	(1U << 0)	/* a time of CLOCK_MONOTONIC */

/* Flags of chr_ext_gpio_play(). */
#define CHR_EXT_PLAY_REPEAT	(1U << 0)	/* until it is stopped */
#define CHR_EXT_PLAY_STEP_SIZE(n)	((__u64)(n) << 32)	/* bytes of a step */

/* Levels of chr_ext_log(), the numbers of syslog(3). */
#define CHR_EXT_ERR		3
#define CHR_EXT_WARNING		4
#define CHR_EXT_NOTICE		5
#define CHR_EXT_INFO		6
#define CHR_EXT_DEBUG		7

/**
 * DOC: How the ABI grows
 *
 * By additions that raise CHR_EXT_ABI and whose text has "Since ABI N".
 *
 * - struct chr_ext_ops gets members at its end. A member that is zero means what
 *   its absence meant before: a driver that leaves it zero loads on a module that
 *   lacks it, any other is refused there. Sizes of arrays are final, because
 *   libbpf compares the size of each member with the module's.
 * - Structs that programs read (chr_ext_dev, chr_ext_file, chr_ext_io,
 *   chr_ext_map, chr_ext_event) get members at their end and are read-only.
 *   Programs find members by name in the loaded module (CO-RE). A driver that
 *   uses a member which older modules lack tests bpf_core_field_exists() first.
 * - Structs that programs pass to a kfunc (chr_ext_caller, chr_ext_gpio_step,
 *   chr_ext_gpio_played) come with their size. A kfunc that fills one zeroes
 *   members that the module does not know; a kfunc that reads one refuses such
 *   members unless they are zero.
 * - A kfunc never changes its prototype. Unknown bits of its flags are -EINVAL.
 */

/**
 * struct chr_ext_dev - one device: a node in /dev and what stands behind it
 * @id: number of this device, never used again after it is gone
 * @minor: minor number of the node
 * @index: which of the driver's devices, counted from 0
 * @size: bytes of private memory, &chr_ext_ops.dev_size of its driver
 * @name: name of the node; for %s of chr_ext_msg() and the like
 * @mem_size: bytes of pages for mmap(2), &chr_ext_ops.mem_size of its driver
 *	in whole pages
 * @compatible: the string of &chr_ext_ops.compatible that matched the hardware, ""
 *	for a virtual device; for %s of chr_ext_msg() and the like
 * @match: its index in that list, from 0
 *
 * Read-only for programs.
 */
struct chr_ext_dev {
	__u64 id;
	__u32 minor;
	__u32 index;
	__u32 size;
	const char *name;
	__u64 mem_size;
	const char *compatible;
	__u32 match;
};

/**
 * struct chr_ext_file - one open of a device
 * @id: number of this open, never used again
 * @dev: the device; trusted: a valid argument of kfuncs
 * @flags: O_* flags given to open(2)
 * @uid: user id of the opener, in the initial user namespace
 * @gid: group id of the opener, likewise
 * @tgid: process id of the opener, in the initial pid namespace
 * @size: bytes of private memory, &chr_ext_ops.file_size of the driver
 * @cgroup_id: id of the opener's cgroup in the default hierarchy
 *
 * Set when the file is opened; passing it on or inheriting it changes nothing.
 * Read-only for programs.
 */
struct chr_ext_file {
	__u64 id;
	struct chr_ext_dev *dev;
	__u32 flags;
	__u32 uid;
	__u32 gid;
	__u32 tgid;
	__u32 size;
	__u64 cgroup_id;
};

/**
 * struct chr_ext_io - one transfer in flight
 * @file: the open file that it belongs to; trusted
 * @pos: where it starts, in bytes; 0 for a device without positions
 * @len: bytes in the window: of read to fill, of write to take, of ioctl the size
 *	of the command's argument
 * @done: bytes that earlier calls moved for the same system call (streams)
 * @arg: argument of ioctl, as the caller passed it
 * @cmd: command of ioctl, in the generic layout on every CPU
 * @flags: CHR_EXT_IO_*
 *
 * Read-only for programs.
 */
struct chr_ext_io {
	struct chr_ext_file *file;
	__s64 pos;
	__u64 len;
	__u64 done;
	__u64 arg;
	__u32 cmd;
	__u32 flags;
};

/**
 * struct chr_ext_map - a requested mapping
 * @offset: where in the device's pages, in bytes
 * @size: bytes, in whole pages
 * @prot: PROT_READ (1) and PROT_WRITE (2)
 * @flags: MAP_SHARED (1) or MAP_PRIVATE (2)
 *
 * The framework has checked that it is inside the pages and not executable. A
 * shared mapping without PROT_WRITE that the op allowed stays so. Read-only for
 * programs.
 */
struct chr_ext_map {
	__u64 offset;
	__u64 size;
	__u32 prot;
	__u32 flags;
};

/**
 * struct chr_ext_caller - the task that made the system call
 * @tgid: process id, in the initial pid namespace
 * @pid: thread id, likewise
 * @ns_tgid: process id, in the process's own pid namespace
 * @ns_pid: thread id, likewise
 * @uid: real user id, in the initial user namespace
 * @euid: effective user id, likewise
 * @fsuid: user id for access to files, likewise
 * @gid: real group id, likewise
 * @egid: effective group id, likewise
 * @fsgid: group id for access to files, likewise
 * @ns_euid: effective user id, in the process's own user namespace
 * @ns_egid: effective group id, likewise
 * @user_ns: inode number of the user namespace, as in /proc/PID/ns/user
 * @pid_ns: inode number of the pid namespace, as in /proc/PID/ns/pid
 * @cgroup_id: id of the cgroup in the default hierarchy
 *
 * See chr_ext_caller().
 */
struct chr_ext_caller {
	__u32 tgid;
	__u32 pid;
	__u32 ns_tgid;
	__u32 ns_pid;
	__u32 uid;
	__u32 euid;
	__u32 fsuid;
	__u32 gid;
	__u32 egid;
	__u32 fsgid;
	__u32 ns_euid;
	__u32 ns_egid;
	__u32 user_ns;
	__u32 pid_ns;
	__u64 cgroup_id;
};

/**
 * struct chr_ext_event - something has happened to the hardware
 * @ns: when, CLOCK_MONOTONIC; taken in the hard interrupt, but for
 *	CHR_EXT_EVENT_PLAYED when the framework finds that the last step is over: in
 *	a thread if the controller sleeps, and on PREEMPT_RT
 * @seq: number of the event, from 1 for each device; those that were lost count
 * @type: CHR_EXT_EVENT_*
 * @handle: from chr_ext_gpio_get()
 * @index: which line of it; of CHR_EXT_EVENT_TIMER: which timer
 * @edge: CHR_EXT_EDGE_RISING or CHR_EXT_EDGE_FALLING
 * @missed: how many events of the device were lost since the one before, because
 *	CHR_EXT_EVENT_QUEUE were waiting; 0 of CHR_EXT_EVENT_TIMER: the next of
 *	another type has them
 * @error: of CHR_EXT_EVENT_PLAYED: 0 or -errno
 * @count: of CHR_EXT_EVENT_TIMER: expirations since the last such event, at
 *	least 1; @ns is the time of the first
 *
 * Read-only for programs.
 */
struct chr_ext_event {
	__u64 ns;
	__u64 seq;
	__u32 type;
	__s32 handle;
	__u32 index;
	__u32 edge;
	__u32 missed;
	__s32 error;
	__u64 count;
};

/**
 * struct chr_ext_gpio_step - a step of chr_ext_gpio_play()
 * @bits: logical values of the lines, the first is bit 0
 * @hold_ns: nanoseconds until the next step, at least CHR_EXT_MIN_HOLD_NS
 */
struct chr_ext_gpio_step {
	__u64 bits;
	__u64 hold_ns;
};

/**
 * struct chr_ext_gpio_played - progress of chr_ext_gpio_play()
 * @steps: steps that were output, with all repetitions
 * @late_ns: sum of their delays
 * @max_late_ns: the largest delay
 * @playing: 1 while it plays
 * @error: -errno of the step that ended it, or 0
 */
struct chr_ext_gpio_played {
	__u64 steps;
	__u64 late_ns;
	__u64 max_late_ns;
	__u32 playing;
	__s32 error;
};

/**
 * struct chr_ext_ops - a character device driver
 *
 * Every op is optional, and may be a sleepable program,
 * SEC("struct_ops.s/read"), or not, SEC("struct_ops/read"). A reserved op is
 * refused at load with ENOTSUPP, a member that the module does not know and that
 * is not zero with EOPNOTSUPP. Return values are checked: a count above what the op was given,
 * or a number that is no errno (-1 to -511), becomes -EIO and is counted in
 * the device's statistics/bad_returns. No op ever waits for user memory: a
 * helper that reads it returns -EFAULT if the page is not there.
 *
 * No op waits for data either: @open, @read, @write, @ioctl and @fsync return
 * -EAGAIN. A caller that must not wait (O_NONBLOCK, RWF_NOWAIT, io_uring) gets
 * that as its result; every later attempt is a new call. Any other caller
 * sleeps until the driver calls chr_ext_wake(); fsync(2) always waits.
 *
 * How often an op is called: once, and once more after each chr_ext_wake() for
 * what the caller waits for (several of them before the caller runs count as
 * one) and after a live update. A signal or @timeout_ms ends the wait without
 * a further call: the result is EINTR, a restart of the system call
 * (SA_RESTART), or ETIMEDOUT. A repeated call has CHR_EXT_IO_AGAIN in its flags
 * and finds its window as the last call left it, except that of read, which
 * is zero again. splice(2) waits between calls, so that it does not block the
 * pipe, and each of them is a new call.
 */
struct chr_ext_ops {
	/**
	 * @probe: A device appears: set up its state, claim its hardware. The
	 * node appears afterwards.
	 *
	 * Hardware is probed after the attach, or when it is plugged; each
	 * probe may sleep for CHR_EXT_MAX_PROBE_MS. Virtual devices are probed
	 * inside the attach, which other BPF users wait for: all probes
	 * together may sleep for CHR_EXT_MAX_ATTACH_MS.
	 *
	 * Return: 0, or -errno, and the device does not appear; if it is one of
	 * the driver's virtual devices the attach fails. Context: process, may
	 * sleep.
	 */
	int (*probe)(struct chr_ext_dev *dev);

	/**
	 * @remove: A device goes away: stop its hardware. Once for each @probe
	 * that returned 0, after the last @close; the devices of a driver are
	 * removed in any order, and at the same time. The @close ops that the
	 * revoke runs may together sleep for CHR_EXT_MAX_REMOVE_MS, and then
	 * @remove as long.
	 *
	 * Context: process, may sleep.
	 */
	void (*remove)(struct chr_ext_dev *dev);

	/**
	 * @open: open(2). Without it every open succeeds. @flags:
	 * CHR_EXT_IO_NONBLOCK, CHR_EXT_IO_AGAIN.
	 *
	 * Return: 0 or -errno. Context: process, may sleep.
	 */
	int (*open)(struct chr_ext_file *file, __u32 flags);

	/**
	 * @close: The last reference to an open file is dropped, or the device
	 * is being revoked. Called exactly once for each @open that returned 0,
	 * in the context of the task that drops it. One at a time for a device.
	 * It may sleep for CHR_EXT_MAX_REMOVE_MS, and less if the close of another
	 * file has waited for CHR_EXT_MAX_DRAIN_MS.
	 *
	 * Context: process, may sleep.
	 */
	void (*close)(struct chr_ext_file *file);

	/**
	 * @read: read(2), pread(2), readv(2), splice(2) and the like: fill the
	 * first bytes of the window and return how many. Bytes that are counted
	 * but were not written are zero. Without it reads fail with EINVAL.
	 *
	 * If the caller's memory ends early, the call returns what fits, or
	 * EFAULT, and the rest is lost: the op has already run, as in a C driver
	 * that dequeues data before copy_to_user().
	 *
	 * Return: bytes, at most &chr_ext_io.len; 0 at the end of the data; or
	 * -errno. Context: process, may sleep.
	 */
	long (*read)(struct chr_ext_file *file, struct chr_ext_io *io);

	/**
	 * @write: write(2), pwrite(2), writev(2), splice(2) and the like: the
	 * window holds the caller's bytes. Without it writes fail with EINVAL.
	 *
	 * Return: bytes taken, at most &chr_ext_io.len, or -errno. 0 for a window
	 * that has bytes makes most callers try again at once: return -EAGAIN or
	 * -ENOSPC. Context: process, may sleep.
	 */
	long (*write)(struct chr_ext_file *file, struct chr_ext_io *io);

	/**
	 * @poll: poll(2), select(2), epoll: return the events that are ready.
	 * The driver reports changes by chr_ext_wake(). Without it reads and
	 * writes are always ready.
	 *
	 * It must not call chr_ext_sleep_us(): epoll holds the lock of its set
	 * during the call.
	 *
	 * Return: EPOLL* bits; any other bit makes it EPOLLERR.
	 * Context: process, may sleep.
	 */
	__u32 (*poll)(struct chr_ext_file *file);

	/**
	 * @ioctl: ioctl(2). The number of a command is a hint. A command made by
	 * _IOR(), _IOW() or _IOWR() has a window of its size over the caller's
	 * argument, of whichever direction: the op reads it by chr_ext_io_get()
	 * and writes it by chr_ext_io_put(), and only bytes that it wrote go back,
	 * if the result is not negative. chr_ext_io_window() does both for _IOR()
	 * and _IOWR(); for _IOW() its bytes are a copy. An argument that cannot be
	 * read is an error only once the op asks for it.
	 *
	 * An op that leaves the window alone owns the argument: a value is in
	 * &chr_ext_io.arg, and memory of any size there is reached by
	 * chr_ext_user_get() and chr_ext_user_put(). Commands made by _IO(), and
	 * those older than these macros, have no window.
	 *
	 * CHR_EXT_IO_COMPAT marks a 32-bit process. Without the op, and for a
	 * command that is not the driver's: ENOTTY.
	 *
	 * Return: 0 to INT_MAX, or -errno. Context: process, may sleep.
	 */
	long (*ioctl)(struct chr_ext_file *file, __u32 cmd,
		      struct chr_ext_io *io);

	/**
	 * @llseek: lseek(2), for a driver with CHR_EXT_SEEKABLE. SEEK_CUR is
	 * passed as SEEK_SET (0) with the sum; SEEK_END is 2, SEEK_DATA 3,
	 * SEEK_HOLE 4. Without it SEEK_SET and SEEK_CUR work, and others fail with
	 * EINVAL. Nothing serialises tasks that share the position of a file.
	 *
	 * It must not call chr_ext_sleep_us(): a seek does not wait.
	 *
	 * Return: the new position, or -errno. Context: process, may sleep.
	 */
	__s64 (*llseek)(struct chr_ext_file *file, __s64 offset, __u32 whence);

	/**
	 * @mmap: mmap(2) of pages that exist: allow or refuse it. Without it
	 * every such mapping is allowed.
	 *
	 * It must not call chr_ext_sleep_us(): the caller's address space is
	 * locked during the call, for its threads and for readers of /proc. So it
	 * does not wait for a turn either: with a SERIAL flag, mmap(2) fails with
	 * EAGAIN while another op runs.
	 *
	 * Return: 0 or -errno. Context: process, may sleep.
	 */
	int (*mmap)(struct chr_ext_file *file, struct chr_ext_map *map);

	/**
	 * @fsync: fsync(2), fdatasync(2). Without it they fail with EINVAL.
	 * @flags: CHR_EXT_IO_DATASYNC, CHR_EXT_IO_AGAIN.
	 *
	 * Return: 0 or -errno. Context: process, may sleep.
	 */
	int (*fsync)(struct chr_ext_file *file, __u32 flags);

	/**
	 * @event: Hardware or a timer needs attention, see
	 * chr_ext_gpio_listen() and chr_ext_timer_start(). Called for one event
	 * of a device at a time, in their order, but at the same time as other
	 * ops, also with CHR_EXT_SERIAL_DEV. chr_ext_wake() wakes readers.
	 *
	 * Context: process (a kernel thread), may sleep.
	 */
	void (*event)(struct chr_ext_dev *dev, struct chr_ext_event *event);

	/** @suspend: Reserved: the device goes to sleep. */
	int (*suspend)(struct chr_ext_dev *dev);

	/** @resume: Reserved: the counterpart of @suspend. */
	int (*resume)(struct chr_ext_dev *dev);

	/**
	 * @name: Name of the driver, and of its node in /dev when it has one
	 * device; with more, the number of the device follows (name0, name1,
	 * ...). 1 to 31 characters of [A-Za-z0-9._-]; not "." or "..". EEXIST
	 * when a driver has it, or anything in /dev.
	 */
	char name[CHR_EXT_NAME_LEN];

	/**
	 * @compatible: The hardware to bind to: a list of strings of up to 127
	 * characters, separated by a blank, that are compared with the
	 * compatible property in a device tree or of a board. A device appears
	 * for each match, up to @instances; it has the string as
	 * &chr_ext_dev.compatible. One whose @probe returns -EPROBE_DEFER is
	 * probed again later. Empty: the devices are virtual.
	 */
	char compatible[CHR_EXT_MATCH_LEN];

	/** @mode: Permissions of the node, at most 0777. 0 means 0600. */
	__u32 mode;

	/** @flags: Bits of enum chr_ext_flags. */
	__u32 flags;

	/**
	 * @instances: Number of virtual devices, or, with @compatible, the
	 * largest number of bound devices; at most CHR_EXT_MAX_INSTANCES.
	 * 0 means 1.
	 */
	__u32 instances;

	/**
	 * @file_size: Bytes of zeroed memory for each open file, at most
	 * CHR_EXT_MAX_FILE_SIZE. See chr_ext_file_data().
	 */
	__u32 file_size;

	/**
	 * @dev_size: Bytes of zeroed memory for each device, at most
	 * CHR_EXT_MAX_DEV_SIZE for all of them together. See
	 * chr_ext_dev_data().
	 */
	__u32 dev_size;

	/**
	 * @max_io: Most bytes that one call of @read or @write is given, at
	 * most CHR_EXT_MAX_IO. 0 means CHR_EXT_DEFAULT_IO.
	 */
	__u32 max_io;

	/**
	 * @layout: Version of the layout of file and device memory, any number.
	 * A live update keeps that memory, and is refused if the numbers differ.
	 */
	__u32 layout;

	/**
	 * @internal: The framework's, for what it has found out about the
	 * programs. 0 in a driver: any other number is refused with EINVAL.
	 */
	__u32 internal;

	/**
	 * @mem_size: Bytes of zeroed pages that users can mmap(2), at most
	 * CHR_EXT_MAX_MEM for all devices together. See chr_ext_dev_mem().
	 */
	__u64 mem_size;

	/**
	 * @timeout_ms: Longest time in milliseconds that a call waits after the
	 * op returned -EAGAIN; then it fails with ETIMEDOUT. 0 means for ever.
	 * A live update changes it for calls that wait, too, counted from their
	 * beginning.
	 */
	__u32 timeout_ms;

	/**
	 * @flush: close(2) of any descriptor of an open file.
	 *
	 * Return: 0, or -errno, which close(2) returns; the descriptor is closed
	 * in any case. Context: process, may sleep.
	 */
	int (*flush)(struct chr_ext_file *file);

	/**
	 * @update: This driver has replaced another version, which probed the
	 * device: once for each such device, concurrently with other ops. The
	 * framework's timers and what @probe claimed stay; the bpf_timer and
	 * bpf_wq of the old program are gone and can be started again here.
	 * All of them together may sleep for CHR_EXT_MAX_DRAIN_MS. An update
	 * fails with EBUSY if a probe takes longer than that.
	 *
	 * Context: process, may sleep.
	 */
	void (*update)(struct chr_ext_dev *dev);
};

#endif /* CHR_EXT_ABI_H */
