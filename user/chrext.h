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
#include <stdint.h>
#include <stdio.h>

#include <chr_ext/abi.h>

#include "lib/chrext.h"

#define DEBUGFS		"/sys/kernel/debug"
#define DEVICES_DIR	"/sys/bus/platform/devices"
#define DRIVER_PREFIX	"chr_ext."
#define BOARDS_DIR	"/sys/kernel/config/chr_ext"
#define CONF_DIR	"/etc/chr_ext"
#define BOARDS_STORE	CONF_DIR "/boards.d"
#define BOARD_SUFFIX	".board"
#define RUN_DIR		"/run/chr_ext"

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
	const char *dir;	/* NULL: the usual one */
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
	bool now;
	bool gpio;
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
int verb_enable(const struct options *opt);
int verb_disable(const struct options *opt);
int verb_start(const struct options *opt);
int verb_stop(const struct options *opt);
int verb_apply(const struct options *opt);
int verb_new(const struct options *opt);

/* print.c */
void complain(const char *fmt, ...) __printf(1, 2);
void complain_mute(bool mute);
void complain_error(struct chrext_error *err);
void complain_note(void *arg, enum chrext_note note, const char *text);
void *xalloc(void *old, size_t size);
char *xprintf(const char *fmt, ...) __printf(1, 2);
const char *errno_text(int err);

/* system.c */
bool path_exists(const char *path);
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

/* object.c */
struct chrext_object *object_get(const struct options *opt);
struct chrext_object *object_load(const struct options *opt, unsigned int checks);

/* load.c */
int object_bring_up(struct chrext_object *o, const struct options *opt,
		    int signals, struct chrext_error **err);

/* unload.c */
int driver_unload(const char *name);

/* conf.c: files of lines KEY=VALUE */
int conf_read(const char *path,
	      int (*line)(void *arg, const char *text, const char *where),
	      void *arg, unsigned int *lines);
int conf_write(const char *dir, const char *file,
	       void (*fill)(const void *arg, FILE *f), const void *arg);
int conf_names(const char *dir, const char *suffix, char ***names, size_t *nr);
void names_free(char **names, size_t nr);

/* conf_driver.c: drivers that are enabled, as files */
struct conf {
	char *name;		/* of the file */
	char *object;
	char **set;		/* VAR=VALUE */
	size_t nr_set;
};

char *conf_drivers(const char *dir);
char *conf_path(const char *dir, const char *name);
int conf_load(struct conf *c, const char *dir, const char *name);
int conf_store(const struct conf *c, const char *dir);
void conf_free(struct conf *c);
struct options conf_options(const struct conf *c, const struct options *opt);

/* state.c: what is running because of a file, in /run */
struct owned {
	char *name;		/* of a driver */
	uint32_t map_id;
};

struct run_state {
	char *dir;		/* of the file, "" if nothing runs */
	uint64_t digest;	/* of the object and its values */
	struct owned *drivers;
	size_t nr_drivers;
	int lock;		/* a descriptor, or -1 */
};

int state_names(char ***names, size_t *nr);
void state_open(struct run_state *s, const char *name, bool lock);
void state_close(struct run_state *s);
void state_reset(struct run_state *s, const char *dir, uint64_t digest);
void state_add(struct run_state *s, const char *driver, uint32_t map_id);
int state_store(const struct run_state *s, const char *name);
int board_own(const char *name, const char *dir);
bool board_is_owned(const char *name, const char *dir);
void board_disown(const char *name);
int boards_owned(char ***names, size_t *nr);

/* apply_board.c */
int boards_apply(const char *dir, const struct options *opt);

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
int board_load(struct board *b, const char *dir);
int board_unmake(const char *name);
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
