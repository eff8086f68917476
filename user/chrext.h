/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef CHREXT_H
#define CHREXT_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include <chr_ext/abi.h>

#ifndef CHREXT_VERSION
#define CHREXT_VERSION	"0.1"
#endif

#define BPFFS		"/sys/fs/bpf"
#define PIN_ROOT	BPFFS "/chr_ext"
#define DEBUGFS		"/sys/kernel/debug"
#define LOG_DIR		DEBUGFS "/chr_ext"
#define CLASS_DIR	"/sys/class/chr_ext"
#define DRIVERS_DIR	"/sys/bus/platform/drivers"
#define DEVICES_DIR	"/sys/bus/platform/devices"
#define DRIVER_PREFIX	"chr_ext."
#define CONFIGFS	"/sys/kernel/config"
#define BOARDS_DIR	CONFIGFS "/chr_ext"
#define BOARDS_STORE	"/etc/chr_ext/boards"

#define WAIT_SECONDS	5	/* for nodes to come or go */
#define MAX_WAIT	86400	/* seconds, of --wait */

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define __printf(a, b)	__attribute__((format(printf, a, b)))

enum {
	EXIT_OK = 0,
	EXIT_FAILED = 1,
	EXIT_USAGE = 2,
};

struct options {
	const char *arg;	/* the first of args, or NULL */
	char **args;		/* what stands behind the verb */
	size_t nr_args;
	const char *name;
	const char *dir;
	unsigned int wait;	/* seconds */
	const char **set;
	size_t nr_set;
	const char *lines;	/* scope's own */
	const char *output;
	const char *svg;
	const char *time;
	const char *count;
	bool foreground;
	bool no_follow;
	bool json;
	bool verbose;
};

int verb_load(const struct options *opt);
int verb_replace(const struct options *opt);
int verb_unload(const struct options *opt);
int verb_list(const struct options *opt);
int verb_show(const struct options *opt);
int verb_log(const struct options *opt);
int verb_scope(const struct options *opt);
int verb_board_add(const struct options *opt);
int verb_board_rm(const struct options *opt);
int verb_board_list(const struct options *opt);
int verb_board_save(const struct options *opt);
int verb_board_restore(const struct options *opt);
int verb_doctor(const struct options *opt);

/* chrext.c */
void complain(const char *fmt, ...) __printf(1, 2);
void *xalloc(void *old, size_t size);
char *xprintf(const char *fmt, ...) __printf(1, 2);
const char *errno_text(int err);
const char *name_problem(const char *name);

/* system.c: what the machine offers */
bool path_exists(const char *path);
bool fs_mounted(const char *path, __u32 magic);
bool bpffs_mounted(void);
bool debugfs_mounted(void);
bool configfs_mounted(void);
bool module_loaded(void);
bool module_has_gpio(void);
bool cap_sys_admin(void);
bool lockdown_is(const char *mode);
void complain_eperm(const char *what);
__u64 now_usec(void);
int signals_take(void);

/* sysfs.c: devices and their counters */
enum counter {
	COUNT_OPENS,
	COUNT_READS,
	COUNT_WRITES,
	COUNT_IOCTLS,
	COUNT_READ_BYTES,
	COUNT_WRITTEN_BYTES,
	COUNT_ERRORS,
	COUNT_BAD_RETURNS,
	COUNT_EVENTS,
	COUNT_LOST_EVENTS,
	NR_COUNTERS,
};

extern const char *const counter_names[NR_COUNTERS];

struct device {
	char driver[CHR_EXT_NAME_LEN];
	char node[CHR_EXT_NAME_LEN + 16];	/* "": the driver has none */
	char dev[24];
	char mode[16];
	char hardware[64];	/* what it is bound to; "": it is virtual */
	char board[256];	/* the board that this is; "": none */
	__u64 instance;
	__u64 id;
	__u64 files;
	__u64 waiting;
	__u64 counters[NR_COUNTERS];
};

bool file_line(const char *dir, const char *name, char *buf, size_t size);
int devices_get(const char *driver, struct device **devs, size_t *nr);
bool driver_registered(const char *name);
bool driver_is_virtual(const char *name);
void link_target(const char *path, char *buf, size_t size);
char *file_text(const char *path);
bool node_usable(const char *driver, const char *node);
bool nodes_gone(const char *driver, const struct device *devs, size_t nr);
void wait_a_little(void);

/* links.c: what holds a driver in the kernel */
struct driver_prog {
	char op[32];
	char name[BPF_OBJ_NAME_LEN];
	__u32 id;
};

struct driver {
	char name[CHR_EXT_NAME_LEN];
	char compatible[CHR_EXT_MATCH_LEN];	/* "": it is virtual */
	__u32 link_id;		/* 0: registered without a link */
	__u32 map_id;
	struct driver_prog *progs;
	size_t nr_progs;
};

int driver_find(const char *name, struct driver *drv);
void driver_free(struct driver *drv);
int driver_detach(const struct driver *drv);
bool plain_map_in_use(int map_fd);
char *driver_pin(const struct driver *drv);
char *pin_dir(const char *name);
int pins_lock(void);
void pins_unlock(int fd);
int pin_fd(const char *name, const char *what, int fd);
void pins_remove(const char *name);
void pins_swap(const char *name, const char *from, const char *to);
bool kernel_link_live(int fd);

/* records.c: the log of a driver */
struct record {
	unsigned int level;
	__u64 seq;
	__u64 usec;
	char device[CHR_EXT_NAME_LEN + 16];	/* "-": the framework */
	char text[1024];
};

int log_open(const char *name, bool complaining);
int log_read(int fd, struct record *rec);
bool log_find(const char *name, const char *device, const char *prefix,
	      __u64 since, struct record *rec);

/* What the kernel has said since then. */
struct kmsg {
	int fd;
	__u64 since;
};

void kmsg_open(struct kmsg *k);
void kmsg_close(struct kmsg *k);
bool kmsg_refusal(struct kmsg *k, const char *name, char *text, size_t size);
bool kmsg_any_refusal(struct kmsg *k, char *name, size_t name_size, char *text,
		      size_t size);

/* messages.c: what libbpf and the verifier say */
void messages_init(bool verbose);
void messages_forget(void);
const char *messages_find(const char *what);
bool messages_word(const char *before, char *word, size_t size);
bool messages_section(const char *prog, char *section, size_t size);
const char *messages_best(void);
bool messages_verifier(char *prog, size_t size, const char **log);

struct reason {
	char text[256];
	char place[128];	/* FILE:LINE */
	char hint[256];		/* "": none */
};

bool verifier_reason(const char *log, const char *op, bool sleepable,
		     struct reason *r);
void verifier_excerpt(const char *log);

/* object.c: a driver's file */
struct object_driver {
	struct bpf_map *map;
	const struct btf_type *type;	/* struct chr_ext_ops of the file */
	struct bpf_link *link;
	bool pinned;
};

struct object {
	const char *path;
	struct bpf_object *obj;
	const struct btf *btf;
	struct object_driver *drivers;
	size_t nr_drivers;
};

int object_open(struct object *o, const char *path, bool verbose);
void object_close(struct object *o);
const struct btf_member *member_find(const struct btf *btf,
				     const struct btf_type *type,
				     const char *name, size_t len);
void *object_member(const struct object *o, const struct object_driver *d,
		    const char *name, size_t size);
const char *object_name(const struct object *o, const struct object_driver *d);
__u32 object_instances(const struct object *o, const struct object_driver *d);
const char *object_op(const struct object *o, const char *prog,
		      const struct object_driver **driver);
bool object_sleepable(const struct object *o, const char *prog);

/* links.c again, for an object that is loaded */
int driver_prepare(const struct object *o, const struct object_driver *d);

/* load.c */
bool sets_well_formed(const struct options *opt);
int object_configure(struct object *o, const struct options *opt);
int machine_check(const struct options *opt);
int object_load(struct object *o);
int maps_pin(const struct object *o, const struct object_driver *d,
	     const char *dir);

/* line.c: GPIO lines of boards */
struct line {
	char *target;		/* the label of a chip, or the name of a line */
	bool by_name;
	unsigned int offset;	/* of the chip */
	unsigned int flags;	/* bits: places in line_flags */
};

extern const char *const line_flags[];

char *line_take(const char **s, const char *where);
const char *line_problem(const char *target);
void line_split(struct line *l, const char *text);
char *line_print(const char *text);

/* gpio.c: GPIO chips of the machine */
struct gpiod_line_info;
int gpio_find(const struct line *l, struct gpiod_line_info **info);

/* board.c: boards, as they are in the kernel */
struct con {
	char *id;
	char **lines;		/* in the words of the kernel */
	size_t nr_lines;
};

struct board {
	char *name;
	char *compatible;
	char *device;		/* on the platform bus; "": it is not live */
	struct con *cons;
	size_t nr_cons;
};

void board_init(struct board *b, const char *name);
void board_free(struct board *b);
int board_parse(struct board *b, const char *arg, const char *where);
const char *con_problem(const char *id);
int boards_check(void);
bool board_exists(const char *name);
void board_read(struct board *b);
int boards_get(struct board **boards, size_t *nr);
void boards_free(struct board *boards, size_t nr);
void board_of(const char *device, char *name, size_t size);
int board_make(const struct board *b, bool tell_waits);

/* set.c */
int object_set(struct object *o, const char *assignment);

/* json.c */
void json_begin(const char *key, char bracket);
void json_end(char bracket);
void json_string(const char *key, const char *value);
void json_number(const char *key, __u64 value);
void json_null(const char *key);
void json_bool(const char *key, bool value);
void json_or_null(const char *key, const char *value);
void json_hardware(const struct device *d);
void json_flat(void);

#endif /* CHREXT_H */
