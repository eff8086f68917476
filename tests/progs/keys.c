// SPDX-License-Identifier: GPL-2.0-only
/*
 * keys NODE PULL US TEST: the driver keys, with a debounce_us of US. PULL is the
 * file that drives a line from outside, with %d for which: 0 and 1 are buttons,
 * 2 and 3 the encoder, with a detent every 4 steps. One in sysfs is gpio-sim's.
 *
 *	all
 *	storm STORM STATS	by the file that makes one, and the directory of
 *				the device's statistics
 *	detach CMD ARG...	CMD takes the device away
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>

#include "sleepers.h"
#include "tap.h"

#define BUTTON		1
#define ENCODER		2
#define KEPT		255

struct key_event {
	uint64_t ns;
	uint32_t type;
	uint32_t code;
	int32_t value;
	uint32_t missed;
	uint32_t pressed;
	int32_t position;
};

static const char *node;
static int fd, pulls[4];
static uint64_t debounce;	/* ns */
static bool sim;
static struct key_event ev[2 * KEPT];
static long missed;	/* sum over the events read from fd */

static uint64_t ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

static void pull(int line, bool high)
{
	const char *text = sim ? high ? "pull-up" : "pull-down" :
				 high ? "1" : "0";

	need(write(pulls[line], text, strlen(text)) > 0, "pull");
}

static int open_node(void)
{
	int f = open(node, O_RDONLY | O_NONBLOCK);

	need(f >= 0, node);
	return f;
}

/* Longer than a button is looked at. */
static void settle(void)
{
	usleep(debounce / 400);
}

/*
 * What has happened, to @f, which should be @want events: waits for them, and
 * whether there are more. Return: how many there are.
 */
static int gather(int f, int want)
{
	uint64_t end = ns() + 10000000000ULL * slow();
	int n = 0, i;
	long ret;

	for (;;) {
		ret = ret_of(read(f, ev + n, sizeof(ev) - n * sizeof(*ev)));
		n += ret > 0 ? ret / (long)sizeof(*ev) : 0;
		if (want < 0 || ns() > end)
			break;
		if (n >= want) {
			want = -1;
			settle();
		}
		usleep(1000);
	}
	for (i = 0; f == fd && i < n; i++)
		missed += ev[i].missed;
	return n;
}

static bool is_event(const struct key_event *e, uint32_t type, uint32_t code,
		     int32_t value)
{
	bool good = e->type == type && e->code == code && e->value == value;

	if (!good)
		diag("type %u code %u value %d, not %u %u %d", e->type, e->code,
		     e->value, type, code, value);
	return good;
}

/* Lines 0 to @n - 1 to @high, with bounces. */
static void bounce(int n, bool high)
{
	int i, line;

	for (i = 10; i >= 0; i--)
		for (line = 0; line < n; line++)
			pull(line, high ^ (i & 1));
}

/*
 * The same, again where the host was too slow for bounces. Return: when it
 * began; *@end is when it was over.
 */
static uint64_t press(int n, bool high, uint64_t *end)
{
	uint64_t start;
	int line;

	for (;;) {
		start = ns();
		bounce(n, high);
		*end = ns();
		if (*end - start < debounce / 2)
			return start;
		diag("bounces of %ld us: again", (long)(*end - start) / 1000);
		gather(fd, 1);
		for (line = 0; line < n; line++)
			pull(line, !high);
		gather(fd, 1);
	}
}

static void button(void)
{
	uint64_t start, end;
	int high, n;

	for (high = 1; high >= 0; high--) {
		start = press(1, high, &end);
		n = gather(fd, 1);
		ok(n == 1 && is_event(ev, BUTTON, 0, high), "%s",
		   high ? "a press that bounces is one event" :
			  "its release is another");
		ok(ev[0].ns >= start && ev[0].ns <= end,
		   "with the time of its edge, %ld us later",
		   (long)(ev[0].ns - start) / 1000);
		is_num(ev[0].pressed, high, "and the keys that are pressed then");
	}
}

/* Shorter than what is ignored. */
static void tap(void)
{
	int n;

	pull(0, 1);
	pull(0, 0);
	n = gather(fd, 2);
	ok(n == 2 && is_event(ev, BUTTON, 0, 1) && is_event(ev + 1, BUTTON, 0, 0),
	   "a short press is a press and a release");
	ok(ev[1].ns - ev[0].ns >= debounce, "reported after the debounce time");
}

static void two_buttons(void)
{
	uint64_t end;

	press(2, 1, &end);
	is_num(gather(fd, 2), 2, "two buttons at once are two events");
	ok(is_event(ev, BUTTON, 0, 1) && is_event(ev + 1, BUTTON, 1, 1),
	   "in their order");
	ok(ev[1].ns > ev[0].ns && ev[1].ns - ev[0].ns < debounce / 2,
	   "one after the other, but close: %ld us",
	   (long)(ev[1].ns - ev[0].ns) / 1000);
	ok(ev[0].pressed == 1 && ev[1].pressed == 3, "and then both are pressed");
	pull(1, 0);
	is_num(gather(fd, 1), 1, "one is released");
	ok(is_event(ev, BUTTON, 1, 0) && ev[0].pressed == 1,
	   "and the other still is pressed");
	pull(0, 0);
	is_num(gather(fd, 1), 1, "until it is released");
}

static long read_one(void)
{
	struct key_event e;

	return ret_of(read(fd, &e, sizeof(e)));
}

static void reading(void)
{
	int other = open_node(), ep = epoll_of(fd, EPOLLIN | EPOLLET);
	struct key_event e;

	is(read(fd, &e, sizeof(e)), -EAGAIN, "nothing happens: EAGAIN");
	is(read(fd, &e, sizeof(e) - 1), -EINVAL, "no room: EINVAL");
	is(write(fd, &e, sizeof(e)), -EBADF, "no write");
	is_num(polled(fd, POLLIN | POLLOUT, 0), -1, "poll waits");
	is_num(epolled(ep, 0), -1, "so does epoll");
	pull(0, 1);
	is_num(polled(fd, POLLIN, 5000), POLLIN, "for a press");
	is_num(epolled(ep, 5000), EPOLLIN, "epoll too");
	pull(1, 1);
	is_num(gather(other, 2), 2, "another open file gets all of them");
	is(read(fd, &e, sizeof(e)), sizeof(e), "a read of one gives one");
	ok(is_event(&e, BUTTON, 0, 1), "the first");
	is_num(polled(fd, POLLIN, 0), POLLIN, "and there is more");
	is_num(epolled(ep, 0), EPOLLIN, "epoll: EPOLLIN");
	is(read(fd, ev, sizeof(ev)), sizeof(e), "one more");
	is_num(polled(fd, POLLIN, 0), -1, "and that was all");
	close(other);
	other = open_node();
	is(read(other, &e, sizeof(e)), -EAGAIN, "a file opened now has none");
	close(other);
	close(ep);
	pull(0, 0);
	pull(1, 0);
	is_num(gather(fd, 2), 2, "both are released");
}

static void waiting(void)
{
	struct sleeper s = {};

	need(!fcntl(fd, F_SETFL, 0), "fcntl");
	is_num(interrupted(read_one), -EINTR, "a read sleeps");
	sleeper_start(&s, read_one);
	usleep(200000);
	ok(!s.over, "a read sleeps again");
	pull(0, 1);
	ok(sleeper_ends(&s), "until there is a press");
	is_num(s.ret, sizeof(struct key_event), "and gives it");
	need(!fcntl(fd, F_SETFL, O_NONBLOCK), "fcntl");
	settle();
	pull(0, 0);
	is_num(gather(fd, 1), 1, "it is released");
}

/* By some detents, more than 0 in the direction in which A leads. */
static void turn(int detents)
{
	static const bool high[4] = { 1, 1, 0, 0 };
	int i, first = detents > 0 ? 2 : 3;

	for (i = 0; i < 4 * abs(detents); i++)
		pull(i % 2 ? 5 - first : first, high[i % 4]);
}

/* @detents events of the encoder, the first of which leaves @from. */
static bool turned(int detents, int from)
{
	int n = gather(fd, abs(detents)), i, step = detents > 0 ? 1 : -1;

	if (n != abs(detents)) {
		diag("there are %d events, not %d", n, abs(detents));
		return false;
	}
	for (i = 0; i < n; i++) {
		from += step;
		if (!is_event(ev + i, ENCODER, 0, from) ||
		    ev[i].position != from || ev[i].missed ||
		    (i && ev[i].ns <= ev[i - 1].ns))
			return false;
	}
	return true;
}

static void encoder(void)
{
	uint64_t start = ns();
	int i;

	turn(200);
	start = ns() - start;
	ok(turned(200, 0), "200 detents, %ld a second",
	   (long)(200000000000ULL / start));
	turn(-250);
	ok(turned(-250, 200), "250 back");
	turn(50);
	ok(turned(50, -50), "50 forth");

	for (i = 0; i < 100; i++)
		pull(2, ~i & 1);
	is_num(gather(fd, 0), 0, "a phase that bounces is no turn");
	pull(2, 1);
	pull(3, 1);
	pull(2, 0);
	pull(2, 1);
	pull(3, 0);
	pull(2, 0);
	is_num(gather(fd, 0), 0, "nor are three steps forth and back");
	turn(1);
	ok(turned(1, 0), "four are one");
	turn(-1);
	ok(turned(-1, 1), "and back");
}

static void too_slow(void)
{
	int other = open_node(), i;

	turn(200);
	is_num(gather(other, 200), 200, "a reader gets 200 events");
	turn(100);
	is_num(gather(other, 100), 100, "and 100 more");
	is_num(gather(fd, KEPT), KEPT, "a file that did not read gets the last 255");
	is_num(ev[0].missed, 300 - KEPT, "and the number of events that it missed");
	for (i = 1; i < KEPT; i++)
		if (ev[i].value != ev[i - 1].value + 1 || ev[i].missed)
			break;
	is_num(i, KEPT, "before the first, and nothing else");
	is_num(ev[KEPT - 1].value, 300, "up to the last");
	turn(-200);
	ok(turned(-200, 300), "a reader that keeps up misses nothing");
	turn(-100);
	ok(turned(-100, 100), "all the way back");
	close(other);
}

/* What a process gets done in a second. */
static long progress(void)
{
	uint64_t end = ns() + 1000000000ULL;
	long n = 0;

	while (ns() < end)
		n += getppid() > 0;
	return n;
}

static long number(const char *dir, const char *name)
{
	char path[256], text[32] = {};
	int f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = open(path, O_RDONLY);
	need(f >= 0 && read(f, text, sizeof(text) - 1) > 0, path);
	close(f);
	return atol(text);
}

static void storm(const char *path, const char *stats)
{
	long calm = progress(), busy, lost;
	int f = open(path, O_RDWR), i, n, odd = 0;
	char text[64] = {};

	need(f >= 0 && write(f, "0 100000 3000", 13) == 13, path);
	busy = progress();
	do {
		usleep(100000);
		need(pread(f, text, sizeof(text) - 1, 0) > 0, path);
	} while (strncmp(text, "idle", 4));
	close(f);
	diag("a storm of 100 kHz, %s edges", strtok(text + 5, "\n"));
	ok(busy > calm / 50, "in a storm others get %ld %% as much done",
	   busy * 100 / calm);
	pull(0, 0);
	n = gather(fd, 2);
	lost = number(stats, "lost_events");
	ok(lost > 0, "%ld of %ld edges were lost", lost, number(stats, "events"));
	ok(n >= 2 && n * debounce < 5000000000UL,
	   "a button that keeps bouncing still causes some events: %d",
	   n);
	for (i = 0; i < n; i++)
		odd += ev[i].value == i % 2 ||
		       (i && ev[i].ns - ev[i - 1].ns < debounce);
	is_num(odd, 0, "a press and a release in turn, debounce_us apart");
	ok(n && !ev[n - 1].value, "and in the end how it is");
	button();
	is_num(missed, lost, "a reader gets the number of lost events");
	turn(10);
	is_num(gather(fd, 10), 10, "the encoder turns too");
}

int main(int argc, char **argv)
{
	char path[256];
	int i;

	if (argc < 5)
		return 2;
	node = argv[1];
	sim = strstr(argv[2], "sim_gpio");
	for (i = 0; i < 4; i++) {
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		snprintf(path, sizeof(path), argv[2], i);
		pulls[i] = open(path, O_WRONLY);
		need(pulls[i] >= 0, path);
	}
	debounce = atol(argv[3]) * 1000;
	fd = open_node();

	if (!strcmp(argv[4], "all")) {
		button();
		tap();
		two_buttons();
		reading();
		waiting();
		encoder();
		too_slow();
		is_num(missed, 300 - KEPT, "nothing else was missed");
	} else if (!strcmp(argv[4], "storm") && argc == 7) {
		storm(argv[5], argv[6]);
	} else if (!strcmp(argv[4], "detach")) {
		need(!fcntl(fd, F_SETFL, 0), "fcntl");
		detached(fd, read_one, POLLIN, argv + 5);
	}
	return done_testing();
}
