/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* What the files of libchrext share. */
#ifndef CHREXT_LIB_PRIVATE_H
#define CHREXT_LIB_PRIVATE_H

#include <linux/types.h>
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include <chr_ext/abi.h>

#include "chrext.h"

#define BPFFS		"/sys/fs/bpf"
#define PIN_ROOT	BPFFS "/chr_ext"
#define DEBUGFS		"/sys/kernel/debug"
#define LOG_DIR		DEBUGFS "/chr_ext"
#define CLASS_DIR	"/sys/class/chr_ext"
#define DRIVERS_DIR	"/sys/bus/platform/drivers"
#define DEVICES_DIR	"/sys/bus/platform/devices"
#define DRIVER_PREFIX	"chr_ext."
#define CONFIGFS	"/sys/kernel/config"
#define TRACEFS		"/sys/kernel/tracing"
#define BOARDS_DIR	CONFIGFS "/chr_ext"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define __printf(a, b)	__attribute__((format(printf, a, b)))

/* A node's name is the driver's and a number. */
#define NODE_LEN	(CHR_EXT_NAME_LEN + 16)

/* error.c: each of these returns @code, or does nothing if @err is NULL */
int fail(struct chrext_error **err, int code, const char *fmt, ...)
	__printf(3, 4);
int fail_memory(struct chrext_error **err);
int fail_eperm(struct chrext_error **err, const char *what);
void error_place(struct chrext_error **err, const char *place);
void error_hint(struct chrext_error **err, const char *fmt, ...) __printf(2, 3);
void error_details(struct chrext_error **err, const char *text, size_t len);
const char *errno_text(int err);

/* system.c: what the machine offers */
bool path_exists(const char *path);
bool bpffs_mounted(void);
bool debugfs_mounted(void);
bool configfs_mounted(void);
bool module_loaded(void);
bool module_has(const char *family);
__u32 module_abi(void);
bool cap_sys_admin(void);
bool lockdown_is(const char *mode);
__u64 now_usec(void);
void wait_a_little(void);
bool file_line(char *buf, size_t size, const char *fmt, ...) __printf(3, 4);

/* capture.c: what libbpf prints during a call, which has the reason of a failure */
struct capture {
	char *texts[64];
	size_t nr;
	const struct chrext_object *obj;
	struct capture *outer;
};

void capture_begin(struct capture *c, const struct chrext_object *obj);
void capture_end(struct capture *c);
void capture_free(struct capture *c);
const char *capture_find(const struct capture *c, const char *what);
bool capture_word(const struct capture *c, const char *before, char *word,
		  size_t size);
bool capture_section(const struct capture *c, const char *prog, char *section,
		     size_t size);
const char *capture_best(const struct capture *c);
bool capture_verifier(const struct capture *c, char *prog, size_t size,
		      const char **log);

/* verifier.c */
struct reason {
	char text[256];
	char place[128];	/* FILE:LINE; "": unknown */
	char hint[256];		/* "": none */
	bool core;		/* the kernel or module lacks a type or member */
};

bool verifier_reason(const char *log, const char *op, bool sleepable,
		     struct reason *r);
void verifier_excerpt(struct chrext_error **err, const char *log);

/* btf.c: BTF of a file, which may be damaged; nothing in it is believed */
struct span {
	char *data;
	size_t size;
};

struct member {
	const char *name;
	__u32 type;
	__u32 bits;		/* where it begins */
	bool is_bitfield;
};

bool span_part(const struct span *s, __u64 offset, __u64 size,
	       struct span *part);
const struct btf_type *type_get(const struct btf *btf, __u32 id);
const struct btf_type *type_strip(const struct btf *btf, __u32 *id);
const char *type_name(const struct btf *btf, const struct btf_type *t);
bool member_get(const struct btf *btf, const struct btf_type *t, __u32 index,
		struct member *m);
bool member_find(const struct btf *btf, const struct btf_type *t,
		 const char *name, size_t len, struct member *m);
bool btf_is_whole(const struct btf *btf);
bool type_returns(const struct btf *btf, __u32 proto, char *buf, size_t size,
		  bool *is_void, __u64 *bytes);

/* object.c */
struct object_driver {
	struct bpf_map *map;
	const struct btf_type *type;	/* struct chr_ext_ops of the file */
	__u32 type_id;
	struct span value;		/* the ops */
	struct bpf_link *link;
	bool pinned;
	bool refused;		/* it was not bound to some hardware */
	char name[CHR_EXT_NAME_LEN + 1];
	char compatible[CHR_EXT_MATCH_LEN + 1];
};

/* A symbol that the kernel or the module has to have. */
struct object_extern {
	char *name;
	bool weak;		/* the program can do without */
};

struct chrext_object {
	char *path;
	__u32 abi;		/* of the headers; 0: not recorded */
	__u64 digest;		/* of the file */
	struct object_extern *externs;
	size_t nr_externs;
	struct bpf_object *obj;
	const struct btf *btf;
	struct object_driver *drivers;
	size_t nr_drivers;
	chrext_notify_fn notify;
	void *notify_arg;
	bool verbose;
	bool loaded;
	struct chrext_refusals *refusals;	/* since the attach began */
};

void note(const struct chrext_object *o, const char *fmt, ...) __printf(2, 3);
bool object_member(const struct chrext_object *o, const struct object_driver *d,
		   const char *name, size_t size, struct span *at);
const char *object_name(const struct chrext_object *o, size_t index);
__u32 object_instances(const struct chrext_object *o,
		       const struct object_driver *d);
struct bpf_program *object_program(const struct chrext_object *o,
				   const struct object_driver *d,
				   const struct member *m);
const char *object_op(const struct chrext_object *o, const char *prog,
		      const struct object_driver **driver);
bool object_sleepable(const struct chrext_object *o, const char *prog);
bool is_link(const struct object_driver *d);
bool is_data_section(const char *name);

/* set.c */
#define MAX_DEPTH	16	/* of arrays and structs in each other */

void describe(const struct btf *btf, __u32 id, char *buf, size_t size,
	      int depth);
bool enumerator(const struct btf *btf, const struct btf_type *t, __u32 i,
		const char **name, __u64 *value);
bool is_char(const struct btf *btf, const struct btf_type *t);
bool is_data(const struct btf *btf, const struct btf_type *t);
bool variable_get(const struct chrext_object *o, const struct btf_type *sec,
		  __u32 index, const char **name, __u32 *type,
		  struct span *at);

/* load.c: all that can be known without the kernel; why an object does not fit */
int object_names_check(const struct chrext_object *o,
		       struct chrext_error **err);
int object_types_check(const struct chrext_object *o,
		       struct chrext_error **err);
int fail_no_extern(const struct chrext_object *o, const char *func, int code,
		   struct chrext_error **err);
int fail_no_member(const struct chrext_object *o, const char *ops,
		   const char *member, int code, struct chrext_error **err);
int fail_other_member(const struct chrext_object *o, const char *ops,
		      const char *member, int code, struct chrext_error **err);

/* attach.c */
void object_release(struct chrext_object *o);

/* driver.c: what holds a driver in the kernel */
struct driver_prog {
	char op[32];
	char name[BPF_OBJ_NAME_LEN];
	__u32 id;
};

struct chrext_driver {
	char name[CHR_EXT_NAME_LEN + 1];
	char compatible[CHR_EXT_MATCH_LEN + 1];
	__u32 link_id;		/* 0: registered without a link */
	__u32 map_id;
	struct driver_prog *progs;
	size_t nr_progs;
	char *pin;
};

int driver_lookup(const char *name, struct chrext_driver *drv);
void driver_clear(struct chrext_driver *drv);
bool plain_map_in_use(int map_fd);
bool link_live(int fd);
__u32 link_id_of(int fd);
int driver_prepare(const struct chrext_object *o, const struct object_driver *d);

/* pin.c */
char *driver_pin(const struct chrext_driver *drv);
int pins_lock(void);
void pins_unlock(int fd);
int pin_dir_lock(const char *name);
int pin_fd(const char *name, const char *what, int fd,
	   struct chrext_error **err);
int maps_pin(const struct chrext_object *o, const struct object_driver *d,
	     const char *dir, struct chrext_error **err);
void pins_remove(const char *name);
void pins_swap(const char *name, const char *from, const char *to);

/* device.c */
bool driver_registered(const char *name);
bool node_usable(const char *driver, const char *node);

#endif /* CHREXT_LIB_PRIVATE_H */
