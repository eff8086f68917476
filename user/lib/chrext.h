/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/*
 * libchrext: load, find, replace and inspect character device drivers that are
 * BPF programs (chr_ext).
 *
 * Errors: functions that can fail take a last argument @err, which may be NULL,
 * and return 0 or -errno, or a pointer or NULL. On failure *@err is a new error
 * that the caller frees; on success it is left alone. The library prints
 * nothing, never exits, and changes no signal handler.
 *
 * Memory: what an _open, _find or _list function returns belongs
 * to the caller and is freed with the _free function of its kind. A string that
 * a _get function returns belongs to the object and is valid as long as that, or
 * until the object is changed.
 *
 * Threads: different objects can be used by different threads at once. One
 * object is used by one thread at a time.
 *
 * Times are milliseconds where a name ends in _ms and microseconds of
 * CLOCK_MONOTONIC where it ends in _usec.
 */
#ifndef CHREXT_LIB_H
#define CHREXT_LIB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

/**
 * chrext_version() - version of the library, such as "0.1"
 */
const char *chrext_version(void);

/**
 * struct chrext_error - why a call failed
 * @code: -errno, never 0
 * @text: one sentence without a full stop or a newline; never NULL
 * @place: the source of the program that was rejected, "FILE:LINE", or NULL
 * @hint: what to do about it, one sentence, or NULL
 * @details: end of the verifier's log, lines with a newline each, or NULL
 *
 * Allocated by the library only, so that it can grow at its end.
 */
struct chrext_error {
	int code;
	char *text;
	char *place;
	char *hint;
	char *details;
};

/**
 * chrext_error_free() - free an error
 * @err: an error, or NULL
 */
void chrext_error_free(struct chrext_error *err);

/* For chrext_check(). */
#define CHREXT_CHECK_MODULE	(1U << 0)	/* the module and its BTF */
#define CHREXT_CHECK_LOAD	(1U << 1)	/* the right to load, and the above */
#define CHREXT_CHECK_PIN	(1U << 2)	/* bpffs, for pins */
#define CHREXT_CHECK_BOARDS	(1U << 3)	/* boards in configfs */
#define CHREXT_CHECK_TRACE	(1U << 4)	/* tracefs, and the right to use it */

/**
 * chrext_check() - check what the machine lacks, before asking the kernel
 * @what: CHREXT_CHECK_*; the first that is missing is the error
 * @err: where the error goes, or NULL
 *
 * Return: 0 or -errno; -EINVAL for unknown bits.
 */
int chrext_check(unsigned int what, struct chrext_error **err);

/**
 * enum chrext_verdict - result of one check of chrext_doctor()
 * @CHREXT_OK: as it should be
 * @CHREXT_WARN: drivers work, but something is missing
 * @CHREXT_FAIL: drivers cannot be loaded
 */
enum chrext_verdict {
	CHREXT_OK,
	CHREXT_WARN,
	CHREXT_FAIL,
};

/**
 * struct chrext_finding - one line of chrext_doctor()
 * @verdict: how it is
 * @check: what was checked, such as "bpffs"
 * @found: what was found
 * @mend: what repairs it; NULL if @verdict is CHREXT_OK
 */
struct chrext_finding {
	enum chrext_verdict verdict;
	const char *check;
	const char *found;
	const char *mend;
};

/**
 * chrext_doctor() - check everything that drivers need
 * @fn: called for each check with a finding that is valid during the call
 * @arg: passed to @fn
 *
 * Return: how many of the checks failed (CHREXT_FAIL).
 */
int chrext_doctor(void (*fn)(void *arg, const struct chrext_finding *finding),
		  void *arg);

/**
 * chrext_name_problem() - what is wrong with the name of a driver or node
 * @name: the name
 *
 * Return: a static string, such as "it is empty", or NULL for a good name.
 */
const char *chrext_name_problem(const char *name);

/* A file with drivers, and what was made of it in the kernel. */
struct chrext_object;

/* A driver in the kernel, whichever program loaded it. */
struct chrext_driver;

/* The devices of drivers at one moment. */
struct chrext_devices;
struct chrext_device;

/* The log of a driver. */
struct chrext_log;

/* The kernel log's lines about refused drivers and boards. */
struct chrext_refusals;

/**
 * chrext_object_open() - open a compiled driver
 * @path: an ELF file for BPF with one or more struct chr_ext_ops
 * @err: where the error goes, or NULL
 *
 * Needs neither the module nor privileges.
 *
 * Return: an object for chrext_object_free(), or NULL.
 */
struct chrext_object *chrext_object_open(const char *path,
					 struct chrext_error **err);

/**
 * chrext_object_open_mem() - open a compiled driver that is in memory
 * @data: the contents of the file; not needed after the call
 * @size: its bytes
 * @name: what to call it in errors
 * @err: where the error goes, or NULL
 *
 * Return: an object for chrext_object_free(), or NULL.
 */
struct chrext_object *chrext_object_open_mem(const void *data, size_t size,
					     const char *name,
					     struct chrext_error **err);

/**
 * chrext_object_free() - close an object
 * @obj: an object, or NULL
 *
 * Drivers that are attached and not pinned are detached first, which can sleep
 * for as long as an op of them runs.
 */
void chrext_object_free(struct chrext_object *obj);

/**
 * enum chrext_note - kind of text that a notify function is given
 * @CHREXT_NOTE_WARNING: a sentence about something that is no failure
 * @CHREXT_NOTE_LIBBPF: what libbpf or the verifier printed, with its newline
 */
enum chrext_note {
	CHREXT_NOTE_WARNING,
	CHREXT_NOTE_LIBBPF,
};

typedef void (*chrext_notify_fn)(void *arg, enum chrext_note note,
				 const char *text);

/**
 * chrext_object_set_notify() - set the function that receives warnings
 * @obj: an object
 * @fn: called from within other calls with @obj; NULL for none, the default
 * @arg: passed to @fn
 * @verbose: also pass CHREXT_NOTE_LIBBPF, and the verifier's log of success
 */
void chrext_object_set_notify(struct chrext_object *obj, chrext_notify_fn fn,
			      void *arg, bool verbose);

/**
 * chrext_object_set() - give a variable a value before the object is loaded
 * @obj: an object that is not loaded
 * @assignment: "VAR=VALUE" as in chrext(8): a global variable of the program,
 *	or a data member of its ops
 * @err: where the error goes, or NULL
 *
 * Return: 0 or -errno.
 */
int chrext_object_set(struct chrext_object *obj, const char *assignment,
		      struct chrext_error **err);

/**
 * chrext_object_set_name() - rename the driver, and with it its node
 * @obj: an object with exactly one driver, not loaded
 * @name: the name
 * @err: where the error goes, or NULL
 *
 * Return: 0 or -errno.
 */
int chrext_object_set_name(struct chrext_object *obj, const char *name,
			   struct chrext_error **err);

/**
 * chrext_object_num_drivers() - how many drivers an object has, at least 1
 * @obj: an object
 */
size_t chrext_object_num_drivers(const struct chrext_object *obj);

/**
 * chrext_object_get_driver_name() - name of a driver of an object
 * @obj: an object
 * @index: which driver, from 0
 *
 * Return: the name; "" if @index is too large.
 */
const char *chrext_object_get_driver_name(const struct chrext_object *obj,
					  size_t index);

/**
 * chrext_object_get_compatible() - the hardware that a driver of an object is for
 * @obj: an object
 * @index: which driver, from 0
 *
 * Return: compatible strings with a blank between them; "" for virtual devices.
 */
const char *chrext_object_get_compatible(struct chrext_object *obj,
					 size_t index);

/**
 * chrext_object_get_abi() - the ABI that an object was compiled for
 * @obj: an object
 *
 * Return: CHR_EXT_ABI of the headers it was compiled with, or 0 if the object does
 * not record it. It loads on an older module as long as it uses nothing newer.
 */
uint32_t chrext_object_get_abi(const struct chrext_object *obj);

/**
 * chrext_object_get_digest() - a number that distinguishes objects
 * @obj: an object
 *
 * Return: the FNV-1a hash of the bytes that the object was opened from. It shows
 * that a file has changed; two files with one hash can be made on purpose.
 */
uint64_t chrext_object_get_digest(const struct chrext_object *obj);

/**
 * struct chrext_op - an op of a driver in an object
 * @name: name of the op, such as "read"
 * @program: name of its program
 * @sleepable: whether the program may sleep
 */
struct chrext_op {
	const char *name;
	const char *program;
	bool sleepable;
};

/**
 * chrext_object_get_op() - an op of a driver of an object
 * @obj: an object that is not loaded
 * @driver: which driver, from 0
 * @index: which of its ops, from 0, in the order of struct chr_ext_ops
 * @op: where the op goes; its strings belong to the object
 *
 * Return: false if @driver or @index is too large.
 */
bool chrext_object_get_op(const struct chrext_object *obj, size_t driver,
			  size_t index, struct chrext_op *op);

/**
 * struct chrext_variable - what chrext_object_set() can set
 * @name: VAR of "VAR=VALUE"
 * @type: its type, as in C or nearly
 * @value: its present value, as VALUE of "VAR=VALUE"; NULL for an array that has no
 *	such form or is too long
 * @driver: name of the driver whose ops have this data member, or NULL for a
 *	global variable of the program
 */
struct chrext_variable {
	const char *name;
	const char *type;
	const char *value;
	const char *driver;
};

/**
 * chrext_object_variables() - list all that chrext_object_set() can set
 * @obj: an object that is not loaded
 * @fn: called for each data member of each driver, then for each global variable,
 *	with a variable that is valid during the call
 * @arg: passed to @fn
 * @err: where the error goes, or NULL
 *
 * Members of structs are listed one by one.
 *
 * Return: 0 or -errno.
 */
int chrext_object_variables(const struct chrext_object *obj,
			    void (*fn)(void *arg,
				       const struct chrext_variable *var),
			    void *arg, struct chrext_error **err);

/**
 * enum chrext_presence - whether this machine has something
 * @CHREXT_UNKNOWN: without the module, or BTF, this cannot be known
 * @CHREXT_PRESENT: it has
 * @CHREXT_ABSENT: it has not
 */
enum chrext_presence {
	CHREXT_UNKNOWN,
	CHREXT_PRESENT,
	CHREXT_ABSENT,
};

/**
 * struct chrext_kfunc - a function of the module or the kernel that an object calls
 * @name: its name
 * @optional: the object loads without it (a weak extern)
 * @here: whether this machine has it
 */
struct chrext_kfunc {
	const char *name;
	bool optional;
	enum chrext_presence here;
};

/**
 * chrext_object_kfuncs() - list the kfuncs that an object calls
 * @obj: an object
 * @fn: called for each with a kfunc that is valid during the call
 * @arg: passed to @fn
 *
 * Return: how many this machine lacks of those that are not optional.
 */
int chrext_object_kfuncs(const struct chrext_object *obj,
			 void (*fn)(void *arg, const struct chrext_kfunc *kfunc),
			 void *arg);

/**
 * chrext_object_check() - check whether this machine has what an object needs
 * @obj: an object; one that is loaded passes
 * @err: where the error goes, or NULL
 *
 * Looks at names, types, ops, flags and kfuncs, and loads nothing: the verifier may
 * still reject a program. Needs the module, but no privileges.
 *
 * Return: 0 or -errno.
 */
int chrext_object_check(const struct chrext_object *obj,
			struct chrext_error **err);

/**
 * chrext_object_load() - let the kernel verify the programs
 * @obj: an object
 * @err: where the error goes, with the verifier's reason, or NULL
 *
 * Checks names, the machine, and that each program returns what its op does.
 * Needs CAP_SYS_ADMIN.
 *
 * Return: 0 or -errno.
 */
int chrext_object_load(struct chrext_object *obj, struct chrext_error **err);

/**
 * chrext_object_attach() - attach all drivers of a loaded object, or none
 * @obj: an object that is loaded
 * @err: where the error goes, with the kernel's reason, or NULL
 *
 * Return: 0 or -errno.
 */
int chrext_object_attach(struct chrext_object *obj, struct chrext_error **err);

/**
 * chrext_object_pin() - keep attached drivers after this process
 * @obj: an object that is attached
 * @err: where the error goes, or NULL
 *
 * Links and maps go to /sys/fs/bpf/chr_ext/NAME. After an error nothing is
 * pinned, and the drivers are attached still.
 *
 * Return: 0 or -errno.
 */
int chrext_object_pin(struct chrext_object *obj, struct chrext_error **err);

/**
 * chrext_object_wait() - wait until the nodes can be opened
 * @obj: an object that is attached
 * @timeout_ms: how long; for hardware, the limit of a probe is added
 *	(CHR_EXT_MAX_PROBE_MS in <chr_ext/abi.h>)
 * @err: where the error goes, or NULL
 *
 * A driver with compatible is probed after the attach: waits until all hardware
 * that is there was probed. A probe that fails or is not over in time is no
 * error, but a warning with the reason, for chrext_object_set_notify().
 *
 * Return: 0, -ETIMEDOUT or another -errno.
 */
int chrext_object_wait(struct chrext_object *obj, unsigned int timeout_ms,
		       struct chrext_error **err);

/**
 * chrext_object_detach() - detach what was attached, and remove its pins
 * @obj: an object; one that is not attached is left alone
 *
 * Returns when the kernel is done.
 */
void chrext_object_detach(struct chrext_object *obj);

/**
 * chrext_object_is_attached() - whether a driver is still attached
 * @obj: an object that is attached
 * @index: which driver, from 0
 */
bool chrext_object_is_attached(const struct chrext_object *obj, size_t index);

/**
 * chrext_object_get_link_fd() - the link of a driver
 * @obj: an object
 * @index: which driver, from 0
 *
 * The link's file can be polled: it is ready with EPOLLHUP when the driver is
 * detached.
 *
 * Return: a file descriptor that stays the object's, or -1 if the driver is not
 * attached or has no link (SEC(".struct_ops")).
 */
int chrext_object_get_link_fd(const struct chrext_object *obj, size_t index);

/**
 * chrext_object_replace() - put a loaded driver in the place of an attached one
 * @obj: an object with one driver, which is loaded
 * @err: where the error goes, with the kernel's reason, or NULL
 *
 * The driver of the same name keeps its devices and open files. It must be
 * pinned. On failure it stays as it was.
 *
 * Return: 0 or -errno.
 */
int chrext_object_replace(struct chrext_object *obj, struct chrext_error **err);

/**
 * chrext_driver_find() - find an attached driver
 * @name: its name
 * @err: where the error goes, or NULL
 *
 * Return: a driver for chrext_driver_free(), or NULL: the error's code is
 * -ENOENT if there is none of that name and -EPERM without CAP_SYS_ADMIN.
 */
struct chrext_driver *chrext_driver_find(const char *name,
					 struct chrext_error **err);

/**
 * chrext_driver_free() - forget a driver, which stays attached
 * @drv: a driver, or NULL
 */
void chrext_driver_free(struct chrext_driver *drv);

const char *chrext_driver_get_name(const struct chrext_driver *drv);

/**
 * chrext_driver_get_compatible() - the hardware that a driver is for
 * @drv: a driver
 *
 * Return: compatible strings with a blank between them; "" for virtual devices.
 */
const char *chrext_driver_get_compatible(const struct chrext_driver *drv);

/**
 * chrext_driver_get_link_id() - id of the BPF link that holds a driver
 * @drv: a driver
 *
 * Return: the id, or 0 if the driver is registered without a link.
 */
uint32_t chrext_driver_get_link_id(const struct chrext_driver *drv);
uint32_t chrext_driver_get_map_id(const struct chrext_driver *drv);

/**
 * chrext_driver_get_pin() - where in bpffs a driver is pinned
 * @drv: a driver
 *
 * Return: a path, or NULL if a process holds the driver. Looked up once, when
 * the driver was found.
 */
const char *chrext_driver_get_pin(const struct chrext_driver *drv);

/**
 * chrext_driver_num_programs() - how many ops a driver has
 * @drv: a driver
 */
size_t chrext_driver_num_programs(const struct chrext_driver *drv);

/**
 * chrext_driver_get_program() - a program of a driver
 * @drv: a driver
 * @index: which, from 0, in the order of struct chr_ext_ops
 * @op: where the name of its op goes, or NULL
 * @name: where its own name goes, or NULL; "" if it cannot be known
 *
 * Return: the program's id, or 0 if @index is too large.
 */
uint32_t chrext_driver_get_program(const struct chrext_driver *drv,
				   size_t index, const char **op,
				   const char **name);

/**
 * chrext_driver_detach() - detach a driver and remove its pins
 * @drv: a driver
 * @err: where the error goes, or NULL
 *
 * Returns when the kernel has let go of the driver, which takes as long as an op
 * of it runs.
 *
 * Return: 0 or -errno.
 */
int chrext_driver_detach(struct chrext_driver *drv, struct chrext_error **err);

/**
 * chrext_pins_clean() - remove pins of a driver that is not attached
 * @name: name of the driver; if it is attached, nothing happens
 *
 * Return: 0 or -errno.
 */
int chrext_pins_clean(const char *name);

/**
 * chrext_devices_list() - list devices as sysfs has them
 * @driver: list only the devices of this driver, or NULL
 * @err: where the error goes, or NULL
 *
 * Without @driver, a driver that has no device is listed too, as a device
 * without node. Needs no privileges. Without the module the list is empty.
 *
 * Return: a sorted list for chrext_devices_free(), or NULL.
 */
struct chrext_devices *chrext_devices_list(const char *driver,
					   struct chrext_error **err);

/**
 * chrext_devices_free() - free a list and its devices
 * @devs: a list, or NULL
 */
void chrext_devices_free(struct chrext_devices *devs);

size_t chrext_devices_count(const struct chrext_devices *devs);

/**
 * chrext_devices_get() - a device of a list
 * @devs: a list
 * @index: which, from 0
 *
 * Return: a device that lives as long as the list, or NULL.
 */
const struct chrext_device *chrext_devices_get(const struct chrext_devices *devs,
					       size_t index);

/**
 * chrext_devices_wait_gone() - wait until nothing is left of a driver
 * @driver: the driver, which was detached
 * @devs: the devices that it had
 * @timeout_ms: how long
 * @err: where the error goes, or NULL
 *
 * Return: 0, -ETIMEDOUT or another -errno.
 */
int chrext_devices_wait_gone(const char *driver,
			     const struct chrext_devices *devs,
			     unsigned int timeout_ms, struct chrext_error **err);

const char *chrext_device_get_driver(const struct chrext_device *dev);

/**
 * chrext_device_get_node() - name of the node in /dev
 * @dev: a device
 *
 * Return: the name, or "" for a driver that has no device.
 */
const char *chrext_device_get_node(const struct chrext_device *dev);

/**
 * chrext_device_get_why() - why a driver has no node
 * @dev: a device without node
 *
 * Return: a static sentence, or "" for a device with a node.
 */
const char *chrext_device_get_why(const struct chrext_device *dev);

/* "MAJOR:MINOR", as in sysfs. */
const char *chrext_device_get_dev(const struct chrext_device *dev);

/* The permissions of the node in octal, such as "0600"; "" without /dev. */
const char *chrext_device_get_mode(const struct chrext_device *dev);

/* Name of the hardware's device; "" for a virtual device. */
const char *chrext_device_get_hardware(const struct chrext_device *dev);

/* Name of the board in configfs that the hardware is; "" for others. */
const char *chrext_device_get_board(const struct chrext_device *dev);

/* Which of its driver's devices, from 0. */
uint64_t chrext_device_get_instance(const struct chrext_device *dev);

/* A number that no other device has had since the module was loaded. */
uint64_t chrext_device_get_id(const struct chrext_device *dev);

/* How many files are open. */
uint64_t chrext_device_get_files(const struct chrext_device *dev);

/* How many callers wait for the driver. */
uint64_t chrext_device_get_waiting(const struct chrext_device *dev);

/**
 * chrext_device_get_counter() - a counter of a device
 * @dev: a device
 * @index: which, from 0, sorted by name
 * @name: where its name goes, a file in statistics/ of the device
 * @value: where its value goes
 *
 * Return: false if @index is too large.
 */
bool chrext_device_get_counter(const struct chrext_device *dev, size_t index,
			       const char **name, uint64_t *value);

/**
 * chrext_device_find_counter() - a counter of a device by its name
 * @dev: a device
 * @name: name of the counter, such as "reads"
 *
 * Return: its value, or 0 if there is none.
 */
uint64_t chrext_device_find_counter(const struct chrext_device *dev,
				    const char *name);

/**
 * struct chrext_record - a line of a driver's log
 * @level: severity, as in syslog(3)
 * @seq: number of the record; a gap is records that were overwritten
 * @usec: when
 * @device: name of the node, or "-" for lines of the framework
 * @text: the message; may contain any byte but NUL and newline
 */
struct chrext_record {
	unsigned int level;
	uint64_t seq;
	uint64_t usec;
	char device[64];
	char text[1024];
};

/**
 * chrext_log_open() - open a driver's log at its oldest record
 * @driver: name of the driver, attached or detached lately
 * @err: where the error goes, or NULL
 *
 * Return: a log for chrext_log_free(), or NULL.
 */
struct chrext_log *chrext_log_open(const char *driver,
				   struct chrext_error **err);
void chrext_log_free(struct chrext_log *log);

/**
 * chrext_log_get_fd() - a descriptor that is readable when a record comes
 * @log: a log
 */
int chrext_log_get_fd(const struct chrext_log *log);

/**
 * chrext_log_read() - read the next record
 * @log: a log
 * @rec: where it goes
 *
 * Never waits.
 *
 * Return: 1 for a record, 0 at the end of a log that is gone, -EAGAIN if there
 * is none yet, or another -errno.
 */
int chrext_log_read(struct chrext_log *log, struct chrext_record *rec);

/**
 * chrext_log_find() - the newest record of a kind
 * @driver: name of the driver
 * @device: name of the node, or "-"
 * @prefix: how the text begins
 * @since_usec: ignore older records
 * @rec: where it goes
 *
 * Return: whether there is one.
 */
bool chrext_log_find(const char *driver, const char *device, const char *prefix,
		     uint64_t since_usec, struct chrext_record *rec);

/**
 * chrext_refusals_open() - watch the kernel log from now on
 *
 * Return: a watch for chrext_refusals_free(); NULL without memory. Without the
 * right to read the kernel log it finds nothing.
 */
struct chrext_refusals *chrext_refusals_open(void);
void chrext_refusals_free(struct chrext_refusals *r);

/**
 * struct chrext_refusal - a driver or board that the module refused
 * @name: which
 * @text: why
 */
struct chrext_refusal {
	char name[64];
	char text[2048];
};

/**
 * chrext_refusals_next() - the next refusal in the kernel log
 * @r: a watch, or NULL
 * @name: of this driver or board only, or NULL for any
 * @refusal: where it goes
 *
 * Never waits. Refusals of other names are skipped.
 *
 * Return: whether there is one.
 */
bool chrext_refusals_next(struct chrext_refusals *r, const char *name,
			  struct chrext_refusal *refusal);

/**
 * chrext_refusals_waiting() - what the kernel waits for
 * @r: a watch, or NULL
 * @name: name of the driver
 * @text: where the line goes
 * @size: its bytes
 *
 * The kernel log has such a line when a detach or an update waits for an op
 * that does not return. Never waits itself; skips other lines.
 *
 * Return: whether there is one.
 */
bool chrext_refusals_waiting(struct chrext_refusals *r, const char *name,
			     char *text, size_t size);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif /* CHREXT_LIB_H */
