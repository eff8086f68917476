// SPDX-License-Identifier: GPL-2.0-only
/*
 * pulse NODE CHIP TEST: the driver pulse, with four lines, the first of a chip of
 * the tests whose directory is CHIP.
 *
 *	all
 *	timing			what wants a guest that gets its time
 *	many			the most steps, as short as can be
 *	inputs			the lines are
 *	detach CMD ARG...	CMD takes the device away while it plays
 *	update CMD ARG...	CMD puts another driver in place while it plays
 *	fail ERRNO CMD ARG...	CMD makes the chip fail while it plays
 *	share N			N nodes play on one CPU; NODE is without its number
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/param.h>

#include "sleepers.h"
#include "tap.h"

struct step {
	uint64_t bits;
	uint64_t hold_ns;
};

struct played {
	uint64_t steps;
	uint64_t late_ns;
	uint64_t max_late_ns;
	uint32_t playing;
	int32_t error;
};

#define PULSE_REPEAT	_IO('P', 0)
#define PULSE_STOP	_IO('P', 1)
#define PULSE_STATUS	_IOR('P', 2, struct played)

#define LINES		4
#define MOST		65536
#define US		1000UL
#define MS		1000000UL
#define SECOND		1000000000UL

/* The sets that the chip recorded. */
struct record {
	uint64_t ns, bits, mask;
};

static int fd;
static const char *chip;
static struct step steps[MOST + 1];
static struct record records[MOST + 16];
static uint64_t began;	/* not later than the first step */

static uint64_t ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * SECOND + ts.tv_nsec;
}

static FILE *chip_file(const char *name, const char *mode)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", chip, name);
	f = fopen(path, mode);
	need(f, path);
	return f;
}

static void forget(void)
{
	FILE *f = chip_file("record", "w");

	need(fputs("\n", f) >= 0 && !fclose(f), "record");
}

static int recorded(void)
{
	FILE *f = chip_file("record", "r");
	int n = 0;

	while (n < MOST + 16 &&
	       fscanf(f, "%lu %lx %lx", &records[n].ns, &records[n].bits,
		      &records[n].mask) == 3)
		n++;
	fclose(f);
	return n;
}

/* How many steps that were; -1 when the chip is gone. */
static long sets(void)
{
	char path[256];
	long n = -1;
	FILE *f;

	snprintf(path, sizeof(path), "%s/sets", chip);
	f = fopen(path, "r");
	if (!f)
		return -1;
	need(fscanf(f, "%ld", &n) == 1, path);
	fclose(f);
	return n;
}

static struct played status(void)
{
	struct played p;

	memset(&p, 0xff, sizeof(p));
	need(!ioctl(fd, PULSE_STATUS, &p), "PULSE_STATUS");
	return p;
}

static long play(int n)
{
	began = ns();
	return ret_of(write(fd, steps, n * sizeof(*steps)));
}

static void stop(void)
{
	need(!ioctl(fd, PULSE_STOP), "PULSE_STOP");
}

/* @n steps that count from @from on, of @hold. */
static void count_up(int n, int from, uint64_t hold)
{
	int i;

	for (i = 0; i < n; i++)
		steps[i] = (struct step){ (from + i) % (1 << LINES), hold };
}

/* By how much the last pattern was off: how late, and how wrong each hold. */
static void diag_late(int n)
{
	struct played p = status();
	long off, sum = 0, worst = 0;
	int i;

	for (i = 0; i + 1 < n; i++) {
		off = labs((long)(records[i + 1].ns - records[i].ns -
				  steps[i].hold_ns));
		worst = off > worst ? off : worst;
		sum += off;
	}
	diag("late by %lu us, at worst %lu; holds off by %lu us, at worst %lu",
	     p.late_ns / p.steps / US,
	     p.max_late_ns / US,
	     sum / n / US, worst / US);
}

/* The chip recorded these @n steps, each not before its time. */
static bool was_played(int n)
{
	uint64_t at = began;
	int i, got = recorded();

	if (got != n) {
		diag("%d steps were recorded, not %d", got, n);
		return false;
	}
	for (i = 0; i < n; i++) {
		if (records[i].bits != steps[i].bits ||
		    records[i].mask != (1 << LINES) - 1) {
			diag("step %d: %lx of %lx, not %lx", i, records[i].bits,
			     records[i].mask, steps[i].bits);
			return false;
		}
		if (records[i].ns < at) {
			diag("step %d: %lu ns early", i, at - records[i].ns);
			return false;
		}
		at += steps[i].hold_ns;
	}
	return true;
}

static void exact(void)
{
	const int n = 300;
	struct played p;
	uint64_t sum = 0;
	int i;

	srand(1);
	for (i = 0; i < n; i++) {
		steps[i].bits = rand() % (1 << LINES);
		steps[i].hold_ns = (rand() % 100 + 1) * 100 * US;
		sum += steps[i].hold_ns;
	}
	forget();
	is_num(play(n), n * sizeof(*steps), "a write takes 300 steps");
	ok(ns() - began < sum, "and does not wait for them");
	p = status();
	ok(p.playing && p.steps < (uint64_t)n && !p.error, "they play");
	is(fsync(fd), 0, "fsync");
	ok(ns() - began >= sum, "waits until they have been played");
	ok(was_played(n), "all of them, in order, none early");
	p = status();
	ok(!p.playing && p.steps == (uint64_t)n && !p.error,
	   "the status has the same number");
	ok(p.max_late_ns < SECOND * slow() && p.late_ns <= n * p.max_late_ns,
	   "how late they were");
	diag_late(n);
	is(fsync(fd), 0, "another fsync does not wait");
}

/* A write of @n steps and @more bytes. */
static void refused(int n, int more, long err, const char *what)
{
	long before = sets();

	is(write(fd, steps, n * sizeof(*steps) + more), err, what);
	is_num(sets(), before, "and nothing is put out");
}

static void refusals(void)
{
	count_up(3, 0, MS);
	refused(0, 0, -EINVAL, "no step: EINVAL");
	refused(0, 8, -EINVAL, "half a step: EINVAL");
	refused(2, 15, -EINVAL, "two, and most of a third: EINVAL");
	steps[2].hold_ns = 4999;
	refused(3, 0, -EINVAL, "a hold of 4999 ns: EINVAL");
	steps[2].hold_ns = 0;
	refused(3, 0, -EINVAL, "of none: EINVAL");
	steps[2].hold_ns = 5000;
	steps[1].bits = 1 << LINES;
	refused(3, 0, -EINVAL, "a bit without a line: EINVAL");
	steps[1].bits = 0;
	steps[0].hold_ns = steps[1].hold_ns = 30 * SECOND;
	refused(3, 0, -ERANGE, "longer than a minute: ERANGE");
	steps[0].hold_ns = -1;
	steps[1].hold_ns = -1;
	refused(3, 0, -ERANGE, "much longer: ERANGE");
	steps[0].hold_ns = steps[1].hold_ns = 30 * SECOND;
	is_num(play(2), 32, "a minute is possible");
	stop();
	is_num(play(1), 16, "so is one step");
	stop();
	is(ioctl(fd, PULSE_REPEAT, 2), -EINVAL, "PULSE_REPEAT of 2: EINVAL");
	is(ioctl(fd, _IO('P', 3)), -ENOTTY, "another command: ENOTTY");
	is(read(fd, steps, 16), -EINVAL, "no read");
}

static long write_two(void)
{
	static const struct step two[2] = { { 5, MS }, { 10, MS } };

	return ret_of(write(fd, two, sizeof(two)));
}

static long sync_it(void)
{
	return ret_of(fsync(fd));
}

static void set_nonblock(bool yes)
{
	need(!fcntl(fd, F_SETFL, yes ? O_NONBLOCK : 0), "O_NONBLOCK");
}

static void waiting(void)
{
	const int n = 50;
	struct sleeper w = {}, f = {};
	int ep = epoll_of(fd, EPOLLOUT | EPOLLET);

	is_num(polled(fd, POLLIN | POLLOUT, 0), POLLOUT, "it can be written");
	is_num(epolled(ep, 0), EPOLLOUT, "epoll: EPOLLOUT");
	count_up(n, 1, 20 * MS);
	forget();
	is_num(play(n), n * sizeof(*steps), "a second of steps");
	is_num(polled(fd, POLLIN | POLLOUT, 0), -1, "now it cannot");
	is_num(epolled(ep, 0), -1, "nor by epoll");
	set_nonblock(true);
	is_num(write_two(), -EAGAIN, "O_NONBLOCK: EAGAIN");
	set_nonblock(false);
	is_num(interrupted(write_two), -EINTR, "else it waits");
	is_num(interrupted(sync_it), -EINTR, "so does fsync");
	sleeper_start(&w, write_two);
	sleeper_start(&f, sync_it);
	is_num(polled(fd, POLLOUT, 5000 * slow()), POLLOUT,
	       "until all has been played");
	is_num(epolled(ep, 5000), EPOLLOUT, "epoll: EPOLLOUT");
	ok(sleeper_ends(&w) && sleeper_ends(&f), "the others go on");
	is_num(w.ret, 32, "the write takes its steps");
	is_num(f.ret, 0, "fsync has waited");
	is(fsync(fd), 0, "and the next is played too");
	count_up(n, 1, 20 * MS);
	steps[n] = (struct step){ 5, MS };
	steps[n + 1] = (struct step){ 10, MS };
	ok(was_played(n + 2), "right behind, not early");
	close(ep);
}

static void repeating(void)
{
	struct sleeper s = {};
	struct played p;
	int i, n, odd = 0;
	long before;

	is(ioctl(fd, PULSE_REPEAT, 1), 0, "PULSE_REPEAT");
	count_up(3, 1, 10 * MS);
	forget();
	is_num(play(3), 48, "three steps");
	sleeper_start(&s, write_two);
	for (i = 0; i < 1000 * slow() && status().steps < 10; i++)
		usleep(10000);
	ok(!s.over && status().playing, "are repeated while another waits");
	is(ioctl(fd, PULSE_REPEAT, 0), 0, "no repeat any more");
	usleep(50000);
	ok(!s.over && status().playing, "is for what comes");
	n = recorded();
	for (i = 0; i < n; i++)
		odd += records[i].bits != steps[i % 3].bits ||
		       records[i].ns < began + 10 * MS * i;
	ok(n >= 10, "%d steps so far", n);
	is_num(odd, 0, "the same again and again, none early");
	stop();
	ok(sleeper_ends(&s), "PULSE_STOP wakes the waiter");
	is_num(s.ret, 32, "and returns its steps");
	is(fsync(fd), 0, "are played");
	n = recorded();
	ok(n >= 12 && records[n - 2].bits == 5 && records[n - 1].bits == 10,
	   "behind the others");
	p = status();
	is_num(p.steps, 2, "once");

	is(ioctl(fd, PULSE_REPEAT, 1), 0, "PULSE_REPEAT");
	is_num(play(3), 48, "three steps");
	usleep(100000);
	stop();
	p = status();
	before = sets();
	ok(!p.playing && p.steps && !p.error, "stopped");
	is_num(polled(fd, POLLOUT, 0), POLLOUT, "it can be written");
	is(fsync(fd), 0, "there is nothing to wait for");
	usleep(100000);
	is_num(sets(), before, "and nothing goes on");
	is(ioctl(fd, PULSE_STOP), 0, "stopped twice");
	is(ioctl(fd, PULSE_REPEAT, 0), 0, "no repeat");
}

/* A host that has no time for this guest proves nothing. */
static void out_of_time(const char *what)
{
	ok(true, "%s # SKIP it was late, by its own account, each time", what);
}

/* A servo's pulses of @us on line 2, 50 a second, until a few are in time. */
static void servo(int us)
{
	const uint64_t late = 250 * US;
	struct played p = { .max_late_ns = -1 };
	long off, shortest = LONG_MAX, longest = 0;
	int i, n, odd = 0, tries;
	char what[64];

	snprintf(what, sizeof(what), "pulses of %d us, 50 a second", us);
	steps[0] = (struct step){ 4, us * US };
	steps[1] = (struct step){ 0, 20 * MS - us * US };
	for (tries = 0; tries < 60 && p.max_late_ns > late; tries++) {
		forget();
		need(play(2) == 32, "play");
		usleep(110000);
		stop();
		p = status();
	}
	n = recorded();
	if (p.max_late_ns > late) {
		out_of_time(what);
		return;
	}
	for (i = 1; i < n; i++) {
		off = records[i].ns - records[i - 1].ns -
		      steps[(i - 1) % 2].hold_ns;
		odd += records[i].bits != steps[i % 2].bits ||
		       labs(off) > (long)late + 100000;
		if (i % 2 && off < shortest)
			shortest = off;
		if (i % 2 && off > longest)
			longest = off;
	}
	diag("off by %ld to %ld us; late by %lu us, at worst %lu",
	     shortest / (long)US, longest / (long)US,
	     p.late_ns / p.steps / US, p.max_late_ns / US);
	ok(!odd && n >= 6 && n == (int)p.steps, "%s", what);
}

static void servos(void)
{
	need(!ioctl(fd, PULSE_REPEAT, 1), "PULSE_REPEAT");
	servo(1000);
	servo(1500);
	servo(2000);
	need(!ioctl(fd, PULSE_REPEAT, 0), "PULSE_REPEAT");
}

/* Steps of a UART on line 0, eight bits and no parity. */
static int uart_encode(const char *text, uint64_t bit)
{
	int n = 0, i;

	steps[n++] = (struct step){ 1, 2 * bit };
	for (; *text; text++) {
		steps[n++] = (struct step){ 0, bit };
		for (i = 0; i < 8; i++)
			steps[n++] = (struct step){ *text >> i & 1, bit };
		steps[n++] = (struct step){ 1, bit };
	}
	steps[n - 1].hold_ns = 2 * bit;
	return n;
}

/* The level of line 0 at some time, of @n records. */
static int level(int n, uint64_t at)
{
	int i;

	for (i = n - 1; i > 0 && records[i].ns > at; i--)
		;
	return records[i].bits & 1;
}

/* What a receiver makes of it, which looks at the middle of each bit. */
static void uart_decode(int n, uint64_t bit, char *text)
{
	uint64_t at = 0, half = bit / 2;
	int i, b, c;

	for (i = 1; i < n; i++) {
		if (records[i].ns < at || records[i].bits & 1 ||
		    !(records[i - 1].bits & 1))
			continue;
		at = records[i].ns + half;
		for (b = c = 0; b < 8; b++)
			c |= level(n, at + (b + 1) * bit) << b;
		at += 9 * bit;
		*text++ = level(n, at) && c ? c : '?';
	}
	*text = 0;
}

/* Tries again only if the driver's own statistics show that it was late. */
static void uart(int baud, const char *text, bool must)
{
	const uint64_t bit = SECOND / baud;
	int n, tries = 0;
	char got[MOST], what[64];
	bool late;

	snprintf(what, sizeof(what), "%d baud, which are understood", baud);
	do {
		n = uart_encode(text, bit);
		forget();
		need(play(n) == n * 16 && !fsync(fd), "play");
		need(recorded() == n, "record");
		uart_decode(n, bit, got);
		late = status().max_late_ns > bit / 4;
	} while (strcmp(got, text) && late && ++tries < 30);
	diag_late(n);
	if (strcmp(got, text) && late && !must)
		out_of_time(what);
	else if (!ok(!strcmp(got, text), "%s", what))
		diag("as %s", got);
}

static void all(void)
{
	exact();
	refusals();
	waiting();
	repeating();
	uart(50, "chr", true);
}

static void timing(void)
{
	servos();
	uart(300, "chr_ext U", false);
	uart(1200, "chr_ext \x55\xaa", false);
}

/* What a process gets done in a second. */
static long progress(void)
{
	uint64_t end = ns() + SECOND;
	long n = 0;

	while (ns() < end)
		n += getppid() > 0;
	return n;
}

static void many(void)
{
	long calm = progress(), busy;
	struct played p;

	count_up(MOST, 0, 5 * US);
	forget();
	began = ns();
	is(write(fd, steps, sizeof(steps)), MOST * 16,
	   "of 65537 steps a write takes 65536");
	is(fsync(fd), 0, "which are played");
	diag("in %lu ms", (ns() - began) / MS);
	ok(was_played(MOST), "in their order");
	p = status();
	is_num(p.steps, MOST, "the status counts all steps");
	diag_late(MOST);

	need(!ioctl(fd, PULSE_REPEAT, 1) && play(2) == 32, "PULSE_REPEAT");
	busy = progress();
	stop();
	p = status();
	ok(busy > calm / 50, "while it repeats steps of 5 us, others get %ld %% as much done",
	   busy * 100 / calm);
	diag("%lu steps, late by %lu us", p.steps,
	     p.late_ns / p.steps / US);
}

static void inputs(void)
{
	count_up(2, 0, MS);
	refused(2, 0, -EPERM, "lines that are inputs: EPERM");
}

static void start_long(void)
{
	count_up(100, 1, 60 * MS * slow());
	forget();
	is_num(play(100), 1600, "some seconds of steps");
}

static void detach(char **argv)
{
	long before;

	start_long();
	detached(fd, write_two, POLLOUT, argv);
	before = sets();
	usleep(100000);
	is_num(sets(), before, "nothing goes on");
	ok(before < 100, "of the steps that were not played, after %ld", before);
}

static void update(char **argv)
{
	struct sleeper w = {}, f = {};
	struct played p;

	start_long();
	sleeper_start(&w, write_two);
	sleeper_start(&f, sync_it);
	usleep(200000);
	is_num(run(argv), 0, "another driver takes over");
	p = status();
	ok(p.playing, "after %lu steps", p.steps);
	ok(!w.over && !f.over, "a waiter still waits");
	is_num(polled(fd, POLLOUT, 60000 * slow()), POLLOUT, "until it is over");
	ok(sleeper_ends(&w) && sleeper_ends(&f), "then they go on");
	is_num(w.ret, 32, "the write takes its steps");
	is_num(f.ret, 0, "fsync has waited");
	is(fsync(fd), 0, "both have been played");
	steps[100] = (struct step){ 5, MS };
	steps[101] = (struct step){ 10, MS };
	ok(was_played(102), "as if nothing had been");
}

static void fail(int err, char **argv)
{
	struct sleeper f = {};
	struct played p;

	start_long();
	sleeper_start(&f, sync_it);
	usleep(200000);
	is_num(run(argv), 0, "the chip fails");
	ok(sleeper_ends(&f), "which ends it");
	is_num(f.ret, -err, "fsync returns the error");
	p = status();
	ok(!p.playing && p.steps > 0 && p.steps < 100 && p.error == -err,
	   "so does the status, after %lu steps", p.steps);
	is(fsync(fd), 0, "only once");
	is_num(polled(fd, POLLOUT, 0), POLLOUT, "and it can be written");

	is_num(play(100), 1600, "which is tried");
	usleep(100000);
	is_num(write_two(), -err, "the next write returns that it failed again");
	is_num(status().steps, 0, "at once");
	is_num(write_two(), 32, "only once, too");
	is(fsync(fd), -err, "or by fsync");
}

#define NODES	256

/* Opens and starts @n players of the shortest steps. */
static void start_players(const char *prefix, int n, int *fds)
{
	char path[64];
	int i;

	count_up(2, 0, 5 * US);
	for (i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "%s%d", prefix, i);
		fds[i] = open(path, O_RDWR);
		need(fds[i] >= 0 && !ioctl(fds[i], PULSE_REPEAT, 1) &&
		     write(fds[i], steps, 32) == 32, path);
	}
}

static void stop_players(int n, int *fds)
{
	int i;

	for (i = 0; i < n; i++) {
		need(!ioctl(fds[i], PULSE_STOP), "PULSE_STOP");
		close(fds[i]);
	}
}

/*
 * Percent of the time that this process gets on its CPU. A look at the clock that
 * takes much longer than usual was interrupted; one that takes still longer was
 * interrupted by the host, and does not count.
 */
static long got(uint64_t usual)
{
	uint64_t begin = ns(), last = begin, now, gap, free = 0, total = 0;

	while (last - begin < 2 * SECOND) {
		now = ns();
		gap = now - last;
		last = now;
		if (gap > 30 * MS)
			continue;
		total += gap;
		if (gap < 4 * usual)
			free += gap;
	}
	return free * 100 / total;
}

static uint64_t look_at_clock(void)
{
	uint64_t least = -1, last = ns(), now, end = last + SECOND / 10;

	for (; last < end; last = now) {
		now = ns();
		least = MIN(least, now - last);
	}
	return least;
}

static void share(const char *prefix, int n)
{
	int fds[NODES];
	long calm, busy;
	cpu_set_t first;
	uint64_t usual;

	CPU_ZERO(&first);
	CPU_SET(0, &first);
	need(n <= NODES && !sched_setaffinity(0, sizeof(first), &first),
	     "sched_setaffinity");
	usual = look_at_clock();
	calm = got(usual);
	start_players(prefix, n, fds);
	busy = got(usual) * 100 / calm;
	stop_players(n, fds);
	diag("a look at the clock takes %lu ns, and longer %ld %% of the time",
	     usual, 100 - calm);
	ok(busy >= 20, "%d players leave %ld %% of a CPU to others", n, busy);
}

int main(int argc, char **argv)
{
	if (argc < 4)
		return 2;
	chip = argv[2];
	if (!strcmp(argv[3], "share")) {
		share(argv[1], atoi(argv[4]));
		return done_testing();
	}
	fd = open(argv[1], O_RDWR);
	need(fd >= 0, argv[1]);

	if (!strcmp(argv[3], "all"))
		all();
	else if (!strcmp(argv[3], "timing"))
		timing();
	else if (!strcmp(argv[3], "many"))
		many();
	else if (!strcmp(argv[3], "inputs"))
		inputs();
	else if (!strcmp(argv[3], "detach"))
		detach(argv + 4);
	else if (!strcmp(argv[3], "update"))
		update(argv + 4);
	else if (!strcmp(argv[3], "fail"))
		fail(atoi(argv[4]), argv + 5);
	return done_testing();
}
