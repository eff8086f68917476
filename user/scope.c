// SPDX-License-Identifier: GPL-2.0-only
/* chrext scope: records GPIO lines from gpiolib's tracepoints. */
#include <errno.h>
#include <poll.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <tracefs.h>
#include <unistd.h>

#include "scope.h"

#define TRACEFS		"/sys/kernel/tracing"
#define INTERVAL_MS	20
#define NUMBER_MAX	1000000000

/* The tracepoints that a recording is made from. */
enum point { POINT_VALUE, POINT_DIRECTION, POINT_EDGE, NR_POINTS };

#define MAX_FIELDS	3

static const struct {
	const char *system, *name;
	const char *fields[MAX_FIELDS];
} points[NR_POINTS] = {
	[POINT_VALUE] = { "gpio", "gpio_value", { "gpio", "value", "get" } },
	[POINT_DIRECTION] = { "gpio", "gpio_direction", { "gpio", "err", "in" } },
	[POINT_EDGE] = { "chr_ext", "chr_ext_edge", { "gpio", "value", "ns" } },
};

struct event {
	__u64 ns;
	size_t nr;		/* keeps the order within a CPU */
	unsigned int line;
	enum point point;
	int value;		/* or err */
	bool get;		/* or in */
};

/* A tracepoint as this kernel formats it. */
struct format {
	struct tep_event *event;
	struct tep_format_field *fields[MAX_FIELDS];
};

struct recorder {
	struct scope scope;
	bool only;		/* no lines but those of the scope */
	struct tracefs_instance *instance;
	struct tep_handle *tep;
	struct format formats[NR_POINTS];
	struct tracefs_cpu **cpus;
	size_t nr_cpus;
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

static bool format_get(struct recorder *r, enum point p)
{
	struct format *fmt = &r->formats[p];
	size_t i;

	fmt->event = tep_find_event_by_name(r->tep, points[p].system,
					    points[p].name);
	for (i = 0; i < MAX_FIELDS && fmt->event; i++) {
		fmt->fields[i] = tep_find_field(fmt->event, points[p].fields[i]);
		if (!fmt->fields[i])
			fmt->event = NULL;
	}
	return fmt->event;
}

static int formats_get(struct recorder *r)
{
	static const char *const systems[] = { "gpio", "chr_ext", NULL };
	enum point p;

	r->tep = tracefs_local_events_system(NULL, systems);
	for (p = 0; p < NR_POINTS; p++) {
		if (r->tep && format_get(r, p))
			continue;
		/* Without the module no driver listens. */
		if (r->tep && p == POINT_EDGE)
			continue;
		complain("this kernel has no tracepoint %s:%s with the fields %s, %s and %s",
			 points[p].system, points[p].name, points[p].fields[0],
			 points[p].fields[1], points[p].fields[2]);
		return -1;
	}
	return 0;
}

static int cpus_open(struct recorder *r)
{
	long cpu, nr = sysconf(_SC_NPROCESSORS_CONF);

	r->cpus = xalloc(NULL, nr * sizeof(*r->cpus));
	for (cpu = 0; cpu < nr; cpu++) {
		r->cpus[cpu] = tracefs_cpu_open(r->instance, cpu, true);
		if (!r->cpus[cpu]) {
			complain("cannot open the trace buffer of CPU %ld: %s",
				 cpu, strerror(errno));
			return -1;
		}
		r->nr_cpus++;
	}
	return 0;
}

static int instance_new(struct recorder *r)
{
	char *name = xprintf("chrext-scope-%d", getpid());

	r->instance = tracefs_instance_create(name);
	if (!r->instance)
		complain("cannot create " TRACEFS "/instances/%s: %s", name,
			 strerror(errno));
	free(name);
	return r->instance ? 0 : -1;
}

static int events_enable(struct recorder *r)
{
	if ((r->formats[POINT_EDGE].event &&
	     tracefs_event_enable(r->instance, points[POINT_EDGE].system,
				  points[POINT_EDGE].name) < 0) ||
	    tracefs_event_enable(r->instance, "gpio", NULL) < 0) {
		complain("cannot enable the tracepoints: %s", strerror(errno));
		return -1;
	}
	return 0;
}

static int recorder_start(struct recorder *r)
{
	struct chrext_error *err = NULL;

	/* libtracefs would mount tracefs. */
	if (chrext_check(CHREXT_CHECK_TRACE, &err)) {
		complain_error(err);
		return -1;
	}
	if (formats_get(r) || instance_new(r))
		return -1;
	if (tracefs_instance_file_write(r->instance, "trace_clock", "mono") < 0) {
		complain("cannot set the trace clock: %s", strerror(errno));
		return -1;
	}
	if (cpus_open(r))
		return -1;
	r->scope.start = now_ns();
	return events_enable(r);
}

static void recorder_stop(struct recorder *r)
{
	while (r->nr_cpus)
		tracefs_cpu_close(r->cpus[--r->nr_cpus]);
	free(r->cpus);
	if (r->instance && tracefs_instance_destroy(r->instance))
		complain("cannot remove " TRACEFS "/instances/%s: %s",
			 tracefs_instance_get_name(r->instance), strerror(errno));
	tracefs_instance_free(r->instance);
	tep_free(r->tep);
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

static void event_take(struct recorder *r, enum point p, void *data, __u64 ns)
{
	struct event e = { .ns = ns, .nr = r->nr_events, .point = p };
	unsigned long long words[MAX_FIELDS];
	size_t i;

	for (i = 0; i < MAX_FIELDS; i++)
		if (tep_read_number_field(r->formats[p].fields[i], data, &words[i]))
			return;
	e.line = line_get(r, words[0]);
	e.value = words[1];
	if (p == POINT_EDGE)
		e.ns = words[2];
	else
		e.get = words[2];
	if (e.line == r->scope.nr_lines)
		return;
	r->events = grow(r->events, r->nr_events, sizeof(e));
	r->events[r->nr_events++] = e;
}

static void buffer_take(struct recorder *r, struct kbuffer *kbuf)
{
	struct tep_record record = { };
	struct tep_event *event;
	unsigned long long ns;
	enum point p;

	if (kbuffer_missed_events(kbuf))
		r->missed = true;
	for (record.data = kbuffer_read_event(kbuf, &ns); record.data;
	     record.data = kbuffer_next_event(kbuf, &ns)) {
		record.size = kbuffer_event_size(kbuf);
		event = tep_find_event_by_record(r->tep, &record);
		for (p = 0; p < NR_POINTS; p++)
			if (event && event == r->formats[p].event)
				event_take(r, p, record.data, ns);
	}
}

static void buffers_read(struct recorder *r)
{
	struct kbuffer *kbuf;
	size_t i;

	for (i = 0; i < r->nr_cpus; i++)
		while ((kbuf = tracefs_cpu_read_buf(r->cpus[i], true)))
			buffer_take(r, kbuf);
}

static int event_cmp(const void *x, const void *y)
{
	const struct event *a = x, *b = y;

	if (a->ns != b->ns)
		return a->ns < b->ns ? -1 : 1;
	return a->nr < b->nr ? -1 : 1;
}

/* gpiolib traces the value of a new output before it knows whether this works. */
static bool event_fails(const struct recorder *r, const struct event *e)
{
	const struct event *next = e + 1, *end = r->events + r->nr_events;

	if (e->point == POINT_EDGE)
		return false;
	if (e->point == POINT_DIRECTION || e->get)
		return e->value < 0;
	while (next < end && next->line != e->line)
		next++;
	return next < end && next->point == POINT_DIRECTION && !next->get &&
	       next->value < 0;
}

struct state {
	char state;
	bool out;
	bool set;		/* by the event before */
};

static char level(int value)
{
	return value ? STATE_HIGH : STATE_LOW;
}

static char state_after(struct state *l, const struct event *e)
{
	bool was_out = l->out, was_set = l->set;

	l->set = e->point == POINT_VALUE && !e->get;
	if (e->point != POINT_DIRECTION) {
		l->out |= l->set;
		return level(e->value);
	}
	l->out = !e->get;
	if (!l->out)
		return was_out ? STATE_RELEASED : l->state;
	/* An open drain is not set to low but becomes an output that is low. */
	return was_set ? l->state : STATE_LOW;
}

static void change_add(struct scope *s, __u64 ns, const struct event *e, char state)
{
	s->changes = grow(s->changes, s->nr_changes, sizeof(*s->changes));
	s->changes[s->nr_changes++] = (struct change) {
		ns > s->start ? ns - s->start : 0, e->line, state
	};
}

/*
 * Where a driver listens to rising edges only, the line fell some time before:
 * the least that is certain is drawn, a pulse just before the edge.
 */
static void pulse_add(struct scope *s, const struct event *e)
{
	__u64 ns = e->ns - 1;

	if (s->nr_changes && s->start + s->changes[s->nr_changes - 1].ns > ns)
		ns = e->ns;
	change_add(s, ns, e, level(!e->value));
}

static void event_apply(struct recorder *r, const struct event *e, struct state *l)
{
	char state;

	if (event_fails(r, e))
		return;
	state = state_after(l, e);
	if (state == l->state && e->point == POINT_EDGE)
		pulse_add(&r->scope, e);
	else if (state == l->state)
		return;
	l->state = state;
	change_add(&r->scope, e->ns, e, state);
}

/* Makes the changes of all events. */
static void changes_make(struct recorder *r)
{
	struct scope *s = &r->scope;
	struct state *lines = xalloc(NULL, (s->nr_lines + 1) * sizeof(*lines));
	const struct event *e, *end = r->events + r->nr_events;
	size_t i;

	for (i = 0; i < s->nr_lines; i++)
		lines[i] = (struct state) { .state = STATE_UNKNOWN };
	s->nr_changes = 0;
	if (r->nr_events)
		qsort(r->events, r->nr_events, sizeof(*e), event_cmp);
	for (e = r->events; e < end && e->ns <= s->start + s->end; e++) {
		event_apply(r, e, &lines[e->line]);
		if (r->count && s->nr_changes >= r->count) {
			s->nr_changes = r->count;
			s->end = s->changes[s->nr_changes - 1].ns;
			break;
		}
	}
	free(lines);
}

/* Record until a signal, the time limit or the count. */
static void recorder_run(struct recorder *r)
{
	__u64 now, end = r->ms ? r->scope.start + r->ms * 1000000 : ~0ULL;
	struct pollfd stop = { .fd = r->signals, .events = POLLIN };
	struct scope *s = &r->scope;

	do {
		poll(&stop, 1, INTERVAL_MS);
		now = now_ns();
		s->end = (now < end ? now : end) - r->scope.start;
		buffers_read(r);
		if (r->count && r->nr_events >= r->count)
			changes_make(r);
	} while (!stop.revents && now < end && (!r->count || s->nr_changes < r->count));
	tracefs_trace_off(r->instance);
	buffers_read(r);
	changes_make(r);
	if (r->missed)
		complain("some edges were lost: they came faster than they could be read");
}

static bool number(const char *option, const char *text, __u64 *n)
{
	char *end;

	if (!text)
		return true;
	*n = strtoul(text, &end, 10);
	if (*text >= '0' && *text <= '9' && !*end && *n && *n <= NUMBER_MAX)
		return true;
	complain("--%s %s: expected a number, 1 to %d", option, text,
		 NUMBER_MAX);
	return false;
}

static void draw(const struct scope *s, const struct output *vcd,
		 const struct output *svg)
{
	draw_text(s, stdout);
	if (vcd->file)
		draw_vcd(s, vcd->file);
	if (svg->file)
		draw_svg(s, svg->file);
}

int verb_scope(const struct options *opt)
{
	struct recorder r = { .only = opt->lines };
	struct output vcd = { }, svg = { };
	int err;

	if (!number("time", opt->time, &r.ms) ||
	    !number("count", opt->count, &r.count))
		return EXIT_USAGE;
	/* From here on a signal cannot leave a tracing instance behind. */
	r.signals = signals_take();
	err = output_open(&vcd, opt->output) || output_open(&svg, opt->svg) ||
	      (opt->lines && lines_parse(&r.scope, opt->lines)) ||
	      recorder_start(&r);
	if (!err)
		recorder_run(&r);
	recorder_stop(&r);
	if (!err)
		draw(&r.scope, &vcd, &svg);
	err |= output_close(&vcd, !err) | output_close(&svg, !err);
	free(r.events);
	free(r.scope.lines);
	free(r.scope.changes);
	return err ? EXIT_FAILED : EXIT_OK;
}
