// SPDX-License-Identifier: GPL-2.0-only
/*
 * Four devices like scull with different rules for open(2), after "Linux Device
 * Drivers":
 *
 * scullsingle	one open file at a time; EBUSY for any other
 * sculluid	one user at a time, with any number of open files; EBUSY for
 *		others, unless they have CAP_DAC_OVERRIDE
 * scullwuid	the same, but others wait until the last file is closed; EAGAIN
 *		with O_NONBLOCK
 * scullpriv	separate memory for each controlling terminal, kept until the
 *		driver goes; EINVAL without a terminal, ENOMEM for a ninth one
 *
 * The user is the opener's real or effective one; an open file that is passed
 * on can be used by anyone. Reads, writes, O_TRUNC and O_APPEND work as in
 * scull; each memory has ROOM bytes.
 */
#include <chr_ext/chr_ext.bpf.h>

#define ROOM	(32 << 10)
#define TTYS	8

/* The state of one memory. */
struct scull {
	__u64 size;	/* bytes that were written */
	__u32 opens;
	__u32 owner;	/* uid, while there are opens */
	__u32 tty;	/* device number, or 0: not in use */
	__u32 unused;
};

/*
 * At the start of device memory; the memories themselves follow. Only scullpriv
 * uses more than the first.
 */
struct sculls {
	struct scull of[TTYS];
};

/* The memory of a file of scullpriv. */
struct place {
	__u32 index;	/* of its scull */
};

/* The members of the kernel's structs that lead to the terminal. */
struct tty_driver {
	int major;
	int minor_start;
} __attribute__((preserve_access_index));

struct tty_struct {
	struct tty_driver *driver;
	int index;
} __attribute__((preserve_access_index));

struct signal_struct {
	struct tty_struct *tty;
} __attribute__((preserve_access_index));

struct task_struct {
	struct signal_struct *signal;
} __attribute__((preserve_access_index));

struct bpf_spin_lock lock SEC(".bss.lock") __hidden;	/* struct scull */

static struct scull *scull_nr(struct chr_ext_dev *dev, __u32 index)
{
	struct sculls *all = (void *)chr_ext_dev_data(dev, sizeof(*all));

	return all && index < TTYS ? &all->of[index] : NULL;
}

static __u32 file_index(struct chr_ext_file *file)
{
	struct place *place = (void *)chr_ext_file_data(file, sizeof(*place));

	return place ? place->index : 0;
}

/* Offset of the memory of a file in that of the device. */
static __u64 file_base(struct chr_ext_file *file)
{
	return sizeof(struct sculls) + file_index(file) * (__u64)ROOM;
}

static struct scull *file_scull(struct chr_ext_file *file)
{
	return scull_nr(file->dev, file_index(file));
}

static int scull_truncate(struct chr_ext_file *file)
{
	struct scull *s = file_scull(file);

	if (s && file->flags & O_TRUNC &&
	    (file->flags & O_ACCMODE) != O_RDONLY) {
		s->size = 0;
		chr_ext_dev_clear(file->dev, file_base(file), ROOM);
	}
	return 0;
}

SEC("struct_ops/read")
long BPF_PROG(access_read, struct chr_ext_file *file, struct chr_ext_io *io)
{
	struct scull *s = file_scull(file);
	__u64 pos = io->pos, left;

	if (!s || pos >= s->size)
		return 0;
	left = s->size - pos;
	return chr_ext_io_put_dev(io, 0, file->dev, file_base(file) + pos,
				  left < io->len ? left : io->len);
}

SEC("struct_ops/write")
long BPF_PROG(access_write, struct chr_ext_file *file, struct chr_ext_io *io)
{
	bool append = io->flags & CHR_EXT_IO_APPEND;
	struct scull *s = file_scull(file);
	__u64 pos = io->pos, len = io->len;

	if (!s)
		return -ENXIO;
	if (!len)
		return 0;

	bpf_spin_lock(&lock);
	if (append)
		pos = s->size;
	if (pos >= ROOM)
		len = 0;
	else if (len > ROOM - pos)
		len = ROOM - pos;
	if (len && s->size < pos + len)
		s->size = pos + len;
	bpf_spin_unlock(&lock);

	if (!len)
		return -ENOSPC;
	chr_ext_io_set_pos(io, pos);
	return chr_ext_io_get_dev(io, 0, file->dev, file_base(file) + pos, len);
}

SEC("struct_ops/open")
int BPF_PROG(single_open, struct chr_ext_file *file)
{
	struct scull *s = file_scull(file);

	if (!s)
		return -ENXIO;
	if (__sync_val_compare_and_swap(&s->opens, 0, 1))
		return -EBUSY;
	return scull_truncate(file);
}

SEC("struct_ops/close")
void BPF_PROG(single_close, struct chr_ext_file *file)
{
	struct scull *s = file_scull(file);

	if (s)
		__sync_lock_test_and_set(&s->opens, 0);
}

/* Count an open if @caller is the owner, if there is no owner, or if @any. */
static bool uid_take(struct scull *s, const struct chr_ext_caller *caller,
		     bool any)
{
	__u32 uid = caller->uid, euid = caller->euid;
	bool mine;

	bpf_spin_lock(&lock);
	mine = any || !s->opens || s->owner == uid || s->owner == euid;
	if (mine && !s->opens++)
		s->owner = uid;
	bpf_spin_unlock(&lock);
	return mine;
}

/* Count an open, or return -@busy. */
static int uid_enter(struct chr_ext_file *file, int busy)
{
	struct scull *s = file_scull(file);
	struct chr_ext_caller caller;

	if (!s)
		return -ENXIO;
	chr_ext_caller(file, &caller, sizeof(caller));
	if (!uid_take(s, &caller, false) &&
	    !(chr_ext_capable(file, CAP_DAC_OVERRIDE) &&
	      uid_take(s, &caller, true)))
		return -busy;
	return scull_truncate(file);
}

/* Returns the number of files that remain open. */
static __u32 uid_leave(struct chr_ext_file *file)
{
	struct scull *s = file_scull(file);

	return s ? __sync_sub_and_fetch(&s->opens, 1) : 0;
}

SEC("struct_ops/open")
int BPF_PROG(uid_open, struct chr_ext_file *file)
{
	return uid_enter(file, EBUSY);
}

SEC("struct_ops/close")
void BPF_PROG(uid_close, struct chr_ext_file *file)
{
	uid_leave(file);
}

SEC("struct_ops/open")
int BPF_PROG(wuid_open, struct chr_ext_file *file)
{
	return uid_enter(file, EAGAIN);
}

/* Wakes all: any number of the waiters may belong to one user. */
SEC("struct_ops/close")
void BPF_PROG(wuid_close, struct chr_ext_file *file)
{
	if (!uid_leave(file))
		chr_ext_wake(file->dev, EPOLLIN | EPOLLOUT, 0);
}

/* Device number of the caller's controlling terminal, or 0. */
static __u32 caller_tty(void)
{
	struct tty_struct *tty = bpf_get_current_task_btf()->signal->tty;
	struct tty_driver *driver;

	if (!tty)
		return 0;
	driver = tty->driver;
	return (driver->major << 20) + driver->minor_start + tty->index;
}

/* Find or create the scull of @tty. Returns its index; TTYS if none is left. */
static __u32 tty_find(struct sculls *all, __u32 tty)
{
	__u32 i, found = TTYS;

	bpf_spin_lock(&lock);
	for (i = 0; i < TTYS && found == TTYS; i++)
		if (!all->of[i].tty || all->of[i].tty == tty) {
			all->of[i].tty = tty;
			found = i;
		}
	bpf_spin_unlock(&lock);
	return found;
}

SEC("struct_ops/open")
int BPF_PROG(priv_open, struct chr_ext_file *file)
{
	struct sculls *all = (void *)chr_ext_dev_data(file->dev, sizeof(*all));
	struct place *place = (void *)chr_ext_file_data(file, sizeof(*place));
	__u32 tty = caller_tty();

	if (!all || !place)
		return -ENXIO;
	if (!tty)
		return -EINVAL;
	place->index = tty_find(all, tty);
	if (place->index >= TTYS)
		return -ENOMEM;
	return scull_truncate(file);
}

CHR_EXT_DRIVER(scullsingle,
	.open = (void *)single_open,
	.close = (void *)single_close,
	.read = (void *)access_read,
	.write = (void *)access_write,
	.dev_size = sizeof(struct sculls) + ROOM,
	.mode = 0666,
	.flags = CHR_EXT_SEEKABLE | CHR_EXT_STREAM,
);

SEC(".struct_ops.link")
struct chr_ext_ops sculluid = {
	.name = "sculluid",
	.open = (void *)uid_open,
	.close = (void *)uid_close,
	.read = (void *)access_read,
	.write = (void *)access_write,
	.dev_size = sizeof(struct sculls) + ROOM,
	.mode = 0666,
	.flags = CHR_EXT_SEEKABLE | CHR_EXT_STREAM,
};

SEC(".struct_ops.link")
struct chr_ext_ops scullwuid = {
	.name = "scullwuid",
	.open = (void *)wuid_open,
	.close = (void *)wuid_close,
	.read = (void *)access_read,
	.write = (void *)access_write,
	.dev_size = sizeof(struct sculls) + ROOM,
	.mode = 0666,
	.flags = CHR_EXT_SEEKABLE | CHR_EXT_STREAM,
};

SEC(".struct_ops.link")
struct chr_ext_ops scullpriv = {
	.name = "scullpriv",
	.open = (void *)priv_open,
	.read = (void *)access_read,
	.write = (void *)access_write,
	.file_size = sizeof(struct place),
	.dev_size = sizeof(struct sculls) + TTYS * ROOM,
	.mode = 0666,
	.flags = CHR_EXT_SEEKABLE | CHR_EXT_STREAM,
};
