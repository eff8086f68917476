/* SPDX-License-Identifier: GPL-2.0-only */
/* What the verbs of chrext share. The work is done by libchrext. */
#ifndef CHREXT_TOOL_H
#define CHREXT_TOOL_H

#include <jansson.h>
#include <linux/types.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stddef.h>

#include <chr_ext/abi.h>

#include "lib/chrext.h"

#define DEBUGFS		"/sys/kernel/debug"
#define DEVICES_DIR	"/sys/bus/platform/devices"
#define DRIVER_PREFIX	"chr_ext."
#define BOARDS_DIR	"/sys/kernel/config/chr_ext"
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
	char **args;		/* what follows the verb */
	size_t nr_args;
	const char *name;
	const char *dir;
	unsigned int wait;	/* seconds */
	bool wait_given;
	const char **set;
	size_t nr_set;
	const char *lines;	/* scope's own */
	const char *output;
	const char *svg;
	const char *time;
	const char *count;
	bool foreground;
	bool dry_run;
	bool no_follow;
	bool json;
	bool verbose;
};

int verb_load(const struct options *opt);
int verb_replace(const struct options *opt);
int verb_inspect(const struct options *opt);
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

/* print.c */
void complain(const char *fmt, ...) __printf(1, 2);
void complain_error(struct chrext_error *err);
void complain_eperm(const char *what);
void complain_note(void *arg, enum chrext_note note, const char *text);
void *xalloc(void *old, size_t size);
char *xprintf(const char *fmt, ...) __printf(1, 2);
const char *errno_text(int err);

/* system.c */
bool path_exists(const char *path);
bool lockdown_is(const char *mode);
bool fs_mounted(const char *path, __u32 magic);
bool file_line(const char *dir, const char *name, char *buf, size_t size);
void link_target(const char *path, char *buf, size_t size);
char *file_text(const char *path);
__u64 now_usec(void);
int signals_take(void);

/* watch.c: the kernel log, while a detach or an update waits for an op */
struct watch {
	const char *driver;
	struct chrext_refusals *log;
	sem_t done;
	pthread_t thread;
	bool runs;
};

void watch_begin(struct watch *w, const char *driver);
void watch_end(struct watch *w);

/* load.c */
struct chrext_object *object_get(const struct options *opt);

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
	char **lines;		/* as the kernel writes them */
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
const char *board_problem(const char *name);
const char *con_problem(const char *id);
int boards_check(void);
bool board_exists(const char *name);
void board_read(struct board *b);
int boards_get(struct board **boards, size_t *nr);
void boards_free(struct board *boards, size_t nr);
int board_make(const struct board *b, bool note_unbound);

/* json.c */
json_t *json_text(const char *text);
json_t *json_text_or_null(const char *text);
json_t *json_checked(json_t *value);
void json_put(json_t *object, const char *key, json_t *value);
void json_push(json_t *array, json_t *value);
void json_print(json_t *value);
void json_print_line(json_t *value);

#endif /* CHREXT_TOOL_H */
