// SPDX-License-Identifier: GPL-2.0-only
/* chrext scope: records what GPIO lines did, from the kernel's tracepoints. */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <linux/magic.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "scope.h"

#define TRACEFS		"/sys/kernel/tracing"
#define INTERVAL_MS	20
#define NUMBER_MAX	1000000000

/*
 * A page of the kernel's ring buffer: its time in ns, a long with the length of
 * what follows and a flag, then records. The low bits of a record's first word
 * are its length in words or one of these, the others the time since the last.
 */
#define PAGE_HEAD	(sizeof(__u64) + sizeof(long))
#define PAGE_LEN	0xfffff
#define PAGE_MISSED	(1U << 31)
#define RECORD_BITS	5
#define RECORD_LONG	0
#define RECORD_PADDING	29
#define RECORD_EXTEND	30
#define RECORD_STAMP	31

/* gpio_value has the words gpio, get, value; gpio_direction gpio, in, err. */
struct event {
	__u64 ns;
	size_t nr;		/* keeps the order of those of a CPU */
	unsigned int line;
	bool direction;
	bool get;		/* or in */
	int value;		/* or err */
};

struct format {
	int id;
	int words;		/* where they begin */
};

struct recorder {
	struct scope scope;
	bool only;		/* the lines it has, and no others */
	char *dir;		/* the tracing instance */
	struct format value, direction;
	int *fds;		/* of each CPU's buffer */
	size_t nr_fds;
	int signals;
	struct event *events;
	size_t nr_events;
	bool missed;
	__u64 ms, count;	/* 0: no limit */
};

void *grow(void *array, size_t nr, size_t size)
{
	return nr & (nr - 1) ? array : xalloc(array, (2 * nr + 1) * size);
}

static __u64 now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

static int format_get(struct format *fmt, const char *event)
{
	char *path = xprintf(TRACEFS "/events/gpio/%s/format", event), line[256];
	FILE *f = fopen(path, "re");

	while (f && fgets(line, sizeof(line), f)) {
		sscanf(line, "ID: %d", &fmt->id);
		sscanf(line, " field:unsigned gpio; offset:%d", &fmt->words);
	}
	if (f)
		fclose(f);
	if (!fmt->id || !fmt->words)
		complain("this kernel has no tracepoint gpio:%s that is known: see %s",
			 event, path);
	free(path);
	return fmt->id && fmt->words ? 0 : -1;
}

static int put(const struct recorder *r, const char *name, const char *text)
{
	char *path = xprintf("%s/%s", r->dir, name);
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool ok = fd >= 0 && write(fd, text, strlen(text)) >= 0;

	if (!ok)
		complain("cannot write \"%s\" to %s: %s", text, path, strerror(errno));
	if (fd >= 0)
		close(fd);
	free(path);
	return ok ? 0 : -1;
}

static int cpus_open(struct recorder *r)
{
	char *pattern = xprintf("%s/per_cpu/cpu*/trace_pipe_raw", r->dir);
	glob_t cpus;
	int fd = 0;
	size_t i;

	glob(pattern, 0, NULL, &cpus);
	for (i = 0; i < cpus.gl_pathc && fd >= 0; i++) {
		fd = open(cpus.gl_pathv[i], O_RDONLY | O_NONBLOCK | O_CLOEXEC);
		r->fds = grow(r->fds, r->nr_fds, sizeof(*r->fds));
		if (fd >= 0)
			r->fds[r->nr_fds++] = fd;
		else
			complain("cannot open %s: %s", cpus.gl_pathv[i], strerror(errno));
	}
	globfree(&cpus);
	free(pattern);
	return fd < 0 ? -1 : 0;
}

static int recorder_start(struct recorder *r)
{
	if (!fs_mounted(TRACEFS, TRACEFS_MAGIC)) {
		complain("tracefs is not mounted: run 'mount -t tracefs tracefs " TRACEFS "'");
		return -1;
	}
	if (access(TRACEFS "/instances", W_OK) || lockdown_is("confidentiality")) {
		complain_eperm("reading tracepoints");
		return -1;
	}
	if (format_get(&r->value, "gpio_value") ||
	    format_get(&r->direction, "gpio_direction"))
		return -1;
	r->dir = xprintf(TRACEFS "/instances/chrext-scope-%d", getpid());
	if (mkdir(r->dir, 0700)) {
		complain("cannot make %s: %s", r->dir, strerror(errno));
		free(r->dir);
		r->dir = NULL;
		return -1;
	}
	if (put(r, "trace_clock", "mono") || cpus_open(r))
		return -1;
	r->scope.start = now_ns();
	return put(r, "events/gpio/enable", "1");
}

static void recorder_stop(struct recorder *r)
{
	while (r->nr_fds)
		close(r->fds[--r->nr_fds]);
	if (r->dir && rmdir(r->dir))
		complain("cannot remove %s: %s", r->dir, strerror(errno));
	free(r->dir);
	free(r->fds);
	close(r->signals);
}

/* The index of a line; @nr_lines if it is not wanted. */
static size_t line_get(struct recorder *r, unsigned int gpio)
{
	struct scope *s = &r->scope;
	size_t i;

	for (i = 0; i < s->nr_lines && s->lines[i].gpio != gpio; i++)
		;
	if (i == s->nr_lines && !r->only) {
		s->lines = grow(s->lines, s->nr_lines, sizeof(*s->lines));
		s->lines[s->nr_lines++] = (struct scope_line) { .gpio = gpio };
		line_resolve(&s->lines[i]);
	}
	return i;
}

static void event_take(struct recorder *r, const unsigned char *p, __u64 ns)
{
	struct event e = { .ns = ns, .nr = r->nr_events };
	__u32 words[3];
	__u16 id;

	memcpy(&id, p, sizeof(id));
	e.direction = id == r->direction.id;
	if (!e.direction && id != r->value.id)
		return;
	memcpy(words, p + (e.direction ? &r->direction : &r->value)->words,
	       sizeof(words));
	e.line = line_get(r, words[0]);
	e.get = words[1];
	e.value = words[2];
	if (e.line == r->scope.nr_lines)
		return;
	r->events = grow(r->events, r->nr_events, sizeof(e));
	r->events[r->nr_events++] = e;
}

static void page_take(struct recorder *r, const unsigned char *page)
{
	const unsigned char *p = page + PAGE_HEAD, *end;
	__u32 word[2], type;
	__u64 ns, delta;

	memcpy(&ns, page, sizeof(ns));
	memcpy(word, page + sizeof(ns), sizeof(*word));
	r->missed |= !!(word[0] & PAGE_MISSED);
	for (end = p + (word[0] & PAGE_LEN); p < end; p += 4 * type) {
		memcpy(word, p, sizeof(word));
		type = word[0] & ((1 << RECORD_BITS) - 1);
		delta = word[0] >> RECORD_BITS;
		p += 4;
		if (type == RECORD_EXTEND || type == RECORD_STAMP) {
			delta |= (__u64)word[1] << (32 - RECORD_BITS);
			ns = type == RECORD_EXTEND ? ns + delta :
			     (ns & ~(~0ULL >> RECORD_BITS)) | delta;
			type = 1;
			continue;
		}
		if (type == RECORD_PADDING && !delta)
			break;
		ns += delta;
		if (type != RECORD_PADDING)
			event_take(r, type == RECORD_LONG ? p + 4 : p, ns);
		if (type == RECORD_PADDING || type == RECORD_LONG)
			type = word[1] / 4;
	}
}

static void pages_read(struct recorder *r)
{
	static unsigned char page[65536];
	size_t i;

	for (i = 0; i < r->nr_fds; i++)
		while (read(r->fds[i], page, sizeof(page)) > 0)
			page_take(r, page);
}

static int event_cmp(const void *x, const void *y)
{
	const struct event *a = x, *b = y;

	if (a->ns != b->ns)
		return a->ns < b->ns ? -1 : 1;
	return a->nr < b->nr ? -1 : 1;
}

/* A line that becomes an output is set before it is known whether it can. */
static bool event_fails(const struct recorder *r, const struct event *e)
{
	const struct event *next = e + 1, *end = r->events + r->nr_events;

	if (e->direction || e->get)
		return e->value < 0;
	while (next < end && next->line != e->line)
		next++;
	return next < end && next->direction && !next->get && next->value < 0;
}

struct state {
	char state;
	bool out;
	bool set;		/* by the event before */
};

static char state_after(struct state *l, const struct event *e)
{
	bool was_out = l->out, was_set = l->set;

	l->set = !e->direction && !e->get;
	if (!e->direction) {
		l->out |= l->set;
		return e->value ? STATE_HIGH : STATE_LOW;
	}
	l->out = !e->get;
	if (!l->out)
		return was_out ? STATE_RELEASED : l->state;
	/* An open drain is not set to low but made an output that is. */
	return was_set ? l->state : STATE_LOW;
}

/* Makes changes of all events. */
static void changes_make(struct recorder *r)
{
	struct scope *s = &r->scope;
	struct state *lines = xalloc(NULL, (s->nr_lines + 1) * sizeof(*lines)), *l;
	const struct event *e, *end = r->events + r->nr_events;
	char state;
	size_t i;

	for (i = 0; i < s->nr_lines; i++)
		lines[i] = (struct state) { .state = STATE_UNKNOWN };
	s->nr_changes = 0;
	if (r->nr_events)
		qsort(r->events, r->nr_events, sizeof(*e), event_cmp);
	for (e = r->events; e < end && e->ns <= s->start + s->end; e++) {
		l = &lines[e->line];
		if (event_fails(r, e))
			continue;
		state = state_after(l, e);
		if (state == l->state)
			continue;
		l->state = state;
		s->changes = grow(s->changes, s->nr_changes, sizeof(*s->changes));
		s->changes[s->nr_changes++] = (struct change) {
			e->ns > s->start ? e->ns - s->start : 0, e->line, state
		};
		if (s->nr_changes == r->count) {
			s->end = s->changes[s->nr_changes - 1].ns;
			break;
		}
	}
	free(lines);
}

/* Until a signal, the time or the count says so. */
static void recorder_run(struct recorder *r)
{
	__u64 now, end = r->ms ? r->scope.start + r->ms * 1000000 : ~0ULL;
	struct pollfd stop = { .fd = r->signals, .events = POLLIN };
	struct scope *s = &r->scope;

	do {
		poll(&stop, 1, INTERVAL_MS);
		now = now_ns();
		s->end = (now < end ? now : end) - r->scope.start;
		pages_read(r);
		if (r->count && r->nr_events >= r->count)
			changes_make(r);
	} while (!stop.revents && now < end && (!r->count || s->nr_changes < r->count));
	put(r, "tracing_on", "0");
	pages_read(r);
	changes_make(r);
	if (r->missed)
		complain("some edges came too fast and were lost");
}

static bool number(const char *option, const char *text, __u64 *n)
{
	char *end;

	if (!text)
		return true;
	*n = strtoul(text, &end, 10);
	if (*text >= '0' && *text <= '9' && !*end && *n && *n <= NUMBER_MAX)
		return true;
	complain("--%s takes a number from 1 to %d, not \"%s\"", option,
		 NUMBER_MAX, text);
	return false;
}

static int file_open(const char *path, FILE **f)
{
	*f = path ? fopen(path, "we") : NULL;
	if (path && !*f)
		complain("cannot write %s: %s", path, strerror(errno));
	return path && !*f ? -1 : 0;
}

static int file_close(const char *path, FILE *f)
{
	bool bad = f && ferror(f);

	if (f && (fclose(f) || bad)) {
		complain("cannot write %s: %s", path, strerror(errno));
		return -1;
	}
	return 0;
}

int verb_scope(const struct options *opt)
{
	struct recorder r = { .only = opt->lines };
	FILE *vcd = NULL, *svg = NULL;
	int err;

	if (!number("time", opt->time, &r.ms) ||
	    !number("count", opt->count, &r.count))
		return EXIT_USAGE;
	/* From here on none leaves a tracing instance behind. */
	r.signals = signals_take();
	err = file_open(opt->output, &vcd) || file_open(opt->svg, &svg) ||
	      (opt->lines && lines_parse(&r.scope, opt->lines)) ||
	      recorder_start(&r);
	if (!err)
		recorder_run(&r);
	recorder_stop(&r);
	if (!err) {
		draw_text(&r.scope, stdout);
		if (vcd)
			draw_vcd(&r.scope, vcd);
		if (svg)
			draw_svg(&r.scope, svg);
	}
	err |= file_close(opt->output, vcd) | file_close(opt->svg, svg);
	free(r.events);
	free(r.scope.lines);
	free(r.scope.changes);
	return err ? EXIT_FAILED : EXIT_OK;
}
