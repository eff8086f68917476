// SPDX-License-Identifier: GPL-2.0-only
/*
 * library DRIVERS REJECT: calls libchrext in good and bad order, from two threads,
 * and with allocations that fail. DRIVERS and REJECT are the folders with
 * hello.bpf.o and beyond.bpf.o.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bpf/libbpf.h>

#include "../../user/lib/chrext.h"
#include "tap.h"

#define THREADS	2
#define ROUNDS	4
#define MAX_FAILURES	400

static char hello[256], beyond[256];

/* The allocation of the library that fails, counted down; 0: none. */
static int failing;

static bool fails_now(void)
{
	return failing && !--failing;
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t nr, size_t size);
void *__real_realloc(void *old, size_t size);
char *__real_strdup(const char *s);
int __real_vasprintf(char **s, const char *fmt, va_list ap);

void *__wrap_malloc(size_t size)
{
	return fails_now() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t nr, size_t size)
{
	return fails_now() ? NULL : __real_calloc(nr, size);
}

void *__wrap_realloc(void *old, size_t size)
{
	return fails_now() ? NULL : __real_realloc(old, size);
}

char *__wrap_strdup(const char *s)
{
	return fails_now() ? NULL : __real_strdup(s);
}

int __wrap_vasprintf(char **s, const char *fmt, va_list ap)
{
	return fails_now() ? -1 : __real_vasprintf(s, fmt, ap);
}

/* The call failed with @code and @text in its sentence. Frees the error. */
static void fails(int ret, struct chrext_error **err, int code, const char *text,
		  const char *what)
{
	bool good = ret == code && *err && (*err)->code == code &&
		    strstr((*err)->text, text);

	if (!ok(good, "%s", what))
		diag("returned %d, error %d \"%s\", expected %d \"%s\"", ret,
		     *err ? (*err)->code : 0, *err ? (*err)->text : "", code, text);
	chrext_error_free(*err);
	*err = NULL;
}

static void works(int ret, struct chrext_error **err, const char *what)
{
	if (!ok(!ret && !*err, "%s", what))
		diag("returned %d: %s", ret, *err ? (*err)->text : "");
	chrext_error_free(*err);
	*err = NULL;
}

static struct chrext_object *opened(const char *path)
{
	struct chrext_error *err = NULL;
	struct chrext_object *o = chrext_object_open(path, &err);

	if (!o)
		diag("%s", err->text);
	need(o, path);
	return o;
}

static struct chrext_object *loaded(const char *path)
{
	struct chrext_object *o = opened(path);

	need(!chrext_object_load(o, NULL), path);
	return o;
}

static void test_open(void)
{
	static const char garbage[100] = "\177ELF garbage";
	struct chrext_error *err = NULL;
	struct chrext_object *o;

	o = chrext_object_open("/none", &err);
	fails(o ? 0 : -ENOENT, &err, -ENOENT, "/none", "a file that does not exist");
	ok(!chrext_object_open("/none", NULL), "an error that the caller does not want");
	o = chrext_object_open_mem(garbage, sizeof(garbage), "garbage", &err);
	ok(!o && err && strstr(err->text, "garbage"), "garbage is named");
	chrext_error_free(err);
	ok(!chrext_object_open_mem("", 0, "nothing", NULL), "no bytes at all");

	o = opened(hello);
	is_num(chrext_object_num_drivers(o), 1, "hello has one driver");
	ok(!strcmp(chrext_object_get_driver_name(o, 0), "hello"), "of that name");
	ok(!*chrext_object_get_driver_name(o, 1), "and no second");
	chrext_object_free(o);
	chrext_object_free(NULL);
}

static void count_variable(void *arg, const struct chrext_variable *var)
{
	*(int *)arg += var->name && var->type;
}

static void count_kfunc(void *arg, const struct chrext_kfunc *kfunc)
{
	*(int *)arg += kfunc->here == CHREXT_PRESENT;
}

static void test_inspect(void)
{
	struct chrext_error *err = NULL;
	struct chrext_object *o = opened(hello);
	struct chrext_op op = { };
	int variables = 0, kfuncs = 0;

	ok(chrext_object_get_op(o, 0, 0, &op) && !strcmp(op.name, "open") &&
	   !strcmp(op.program, "hello_open") && op.sleepable, "hello has open first");
	ok(!chrext_object_get_op(o, 0, 4, &op) && !chrext_object_get_op(o, 1, 0, &op),
	   "no fifth op, and no second driver");
	ok(!*chrext_object_get_compatible(o, 0) &&
	   !*chrext_object_get_compatible(o, 1), "no hardware");
	works(chrext_object_variables(o, count_variable, &variables, &err), &err,
	      "its variables are listed");
	ok(variables > 2, "there are some");
	is_num(chrext_object_kfuncs(o, count_kfunc, &kfuncs), 0, "no kfunc is missing");
	ok(kfuncs > 0, "of those that it calls");
	works(chrext_object_check(o, &err), &err, "it fits this machine");
	works(chrext_object_load(o, &err), &err, "load");
	fails(chrext_object_variables(o, count_variable, &variables, &err), &err,
	      -EBUSY, "loaded already", "the variables of a loaded object");
	ok(!chrext_object_get_op(o, 0, 0, &op), "and its ops are not listed");
	works(chrext_object_check(o, &err), &err, "but it still fits");
	chrext_object_free(o);
}

static void test_order(void)
{
	struct chrext_error *err = NULL;
	struct chrext_object *o = opened(hello);

	fails(chrext_object_attach(o, &err), &err, -EINVAL, "not loaded",
	      "attach before load");
	fails(chrext_object_pin(o, &err), &err, -EINVAL, "not attached",
	      "pin before attach");
	fails(chrext_object_replace(o, &err), &err, -EINVAL, "not loaded",
	      "replace before load");
	ok(!chrext_object_is_attached(o, 0), "it is not attached");
	is_num(chrext_object_get_link_fd(o, 0), -1, "and has no link");
	chrext_object_detach(o);
	works(chrext_object_set_name(o, "hullo", &err), &err, "a name before load");
	works(chrext_object_load(o, &err), &err, "load");
	fails(chrext_object_load(o, &err), &err, -EBUSY, "loaded already",
	      "load twice");
	fails(chrext_object_set_name(o, "other", &err), &err, -EBUSY, "loaded already",
	      "a name after load");
	fails(chrext_object_set(o, "mode=0600", &err), &err, -EBUSY, "loaded already",
	      "a value after load");
	works(chrext_object_attach(o, &err), &err, "attach");
	fails(chrext_object_attach(o, &err), &err, -EBUSY, "attached already",
	      "attach twice");
	ok(chrext_object_is_attached(o, 0), "is refused and changes nothing");
	works(chrext_object_wait(o, 5000 * slow(), &err), &err, "the node appears");
	is(access("/dev/hullo", F_OK), 0, "under the new name");
	chrext_object_free(o);
	is(access("/dev/hullo", F_OK), -ENOENT, "and goes with the object");
}

static bool hung_up(int fd, int ms)
{
	struct pollfd p = { .fd = fd };

	return poll(&p, 1, ms) == 1 && p.revents & POLLHUP;
}

static void check_driver(const char *pin)
{
	struct chrext_error *err = NULL;
	struct chrext_driver *drv = chrext_driver_find("hello", &err);
	const char *op = "", *name = "";

	need(drv, "chrext_driver_find()");
	ok(!strcmp(chrext_driver_get_name(drv), "hello") &&
	   !*chrext_driver_get_compatible(drv), "it is a virtual driver");
	ok(chrext_driver_get_link_id(drv) && chrext_driver_get_map_id(drv),
	   "with the ids of its link and map");
	ok(chrext_driver_num_programs(drv) > 0 &&
	   chrext_driver_get_program(drv, 0, &op, &name) && *op && *name,
	   "and of its programs");
	ok(!chrext_driver_get_program(drv, 99, NULL, NULL), "of which 99 is none");
	ok(pin ? chrext_driver_get_pin(drv) &&
		 !strcmp(chrext_driver_get_pin(drv), pin) :
		 !chrext_driver_get_pin(drv), "pinned at %s", pin ? pin : "no path");
	chrext_driver_free(drv);
}

static void check_devices(void)
{
	struct chrext_devices *devs = chrext_devices_list("hello", NULL);
	const struct chrext_device *d;
	const char *name = NULL;
	uint64_t value = 99;

	need(devs, "chrext_devices_list()");
	is_num(chrext_devices_count(devs), 1, "it has one device");
	d = chrext_devices_get(devs, 0);
	need(d, "chrext_devices_get()");
	ok(!strcmp(chrext_device_get_node(d), "hello") &&
	   !*chrext_device_get_hardware(d) && !*chrext_device_get_why(d),
	   "with a node, without hardware");
	ok(chrext_device_get_counter(d, 0, &name, &value) && name,
	   "with counters");
	is_num(value, chrext_device_find_counter(d, name), "found by name");
	ok(!chrext_device_get_counter(d, 99, &name, &value), "of which 99 is none");
	ok(!chrext_devices_get(devs, 1), "no second device");
	chrext_devices_free(devs);
}

static void check_log(void)
{
	struct chrext_record rec = { .seq = ~0ULL };
	struct chrext_log *log;
	int ret, n = 0;

	ok(!chrext_log_open("nobody", NULL), "an unknown driver has no log");
	log = chrext_log_open("hello", NULL);
	need(log, "chrext_log_open()");
	while ((ret = chrext_log_read(log, &rec)) == 1)
		n++;
	ok(n > 0 && ret == -EAGAIN, "the log ends in EAGAIN");
	chrext_log_free(log);
}

static void test_life(void)
{
	struct chrext_object *o = loaded(hello), *second = loaded(hello);
	struct chrext_error *err = NULL;
	struct chrext_devices *devs;
	struct chrext_driver *drv;
	int fd;

	works(chrext_object_attach(o, &err), &err, "attach");
	fails(chrext_object_attach(second, &err), &err, -EEXIST, "hello",
	      "a second driver of the name");
	ok(chrext_object_is_attached(o, 0), "leaves the first alone");
	works(chrext_object_wait(o, 5000 * slow(), &err), &err, "the node appears");
	fd = dup(chrext_object_get_link_fd(o, 0));
	ok(fd >= 0 && !hung_up(fd, 0), "the link is live");
	check_driver(NULL);
	check_devices();
	check_log();
	fails(chrext_object_replace(second, &err), &err, -EBUSY, "pinned",
	      "replace of a driver that is not pinned");
	works(chrext_object_pin(o, &err), &err, "pin");
	check_driver("/sys/fs/bpf/chr_ext/hello/link");
	works(chrext_object_replace(second, &err), &err, "replace of one that is");
	chrext_object_free(second);
	chrext_object_free(o);
	ok(!hung_up(fd, 0), "a pinned driver stays");
	is_num(chrext_pins_clean("hello"), 0, "its pins are not cleaned");
	check_driver("/sys/fs/bpf/chr_ext/hello/link");

	devs = chrext_devices_list("hello", NULL);
	fails(chrext_devices_wait_gone("hello", devs, 1, &err), &err, -ETIMEDOUT,
	      "hello", "it does not go by itself");
	drv = chrext_driver_find("hello", NULL);
	need(drv && devs, "chrext_driver_find()");
	works(chrext_driver_detach(drv, &err), &err, "detach");
	works(chrext_devices_wait_gone("hello", devs, 5000 * slow(), &err), &err,
	      "its devices go");
	ok(hung_up(fd, 1000 * slow()), "the link hangs up");
	is(access("/sys/fs/bpf/chr_ext/hello", F_OK), -ENOENT, "no pin is left");
	chrext_driver_free(drv);
	chrext_devices_free(devs);
	close(fd);
	ok(!chrext_driver_find("hello", &err), "it is not found any more");
	fails(err ? err->code : 0, &err, -ENOENT, "hello", "which is the error");
}

static void test_reason(void)
{
	struct chrext_object *o = opened(beyond);
	struct chrext_error *err = NULL;
	int ret = chrext_object_load(o, &err);

	ok(ret < 0 && err && err->code == ret, "a program that is rejected");
	ok(err && err->place && strstr(err->place, "beyond.bpf.c:"), "has its place");
	ok(err && err->details && *err->details, "and the end of the log");
	chrext_error_free(err);
	chrext_object_free(o);
}

static void *work(void *arg)
{
	long id = (long)arg, bad = 0;
	struct chrext_error *err;
	struct chrext_object *o;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		err = NULL;
		o = opened(id % 2 ? beyond : hello);
		if (id % 2)
			bad += !chrext_object_load(o, &err) || !err ||
			       !err->place || !strstr(err->place, "beyond.bpf.c:");
		else
			bad += chrext_object_load(o, &err) || err;
		chrext_error_free(err);
		chrext_object_free(o);
	}
	return (void *)bad;
}

/* libbpf has one print function for the process; each thread gets its own reason. */
static void test_threads(void)
{
	pthread_t threads[THREADS];
	void *bad;
	long i;

	for (i = 0; i < THREADS; i++)
		need(!pthread_create(&threads[i], NULL, work, (void *)i), "a thread");
	for (i = 0; i < THREADS; i++) {
		pthread_join(threads[i], &bad);
		is_num((long)bad, 0, "a thread has the results of its own objects");
	}
}

static int prints;

static int print(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	(void)level, (void)fmt, (void)ap;
	prints++;
	return 0;
}

static void test_print(void)
{
	libbpf_print_fn_t before = libbpf_set_print(print);

	test_reason();
	is_num(prints, 0, "the application's print function is not called");
	ok(libbpf_set_print(before) == print, "and is set again afterwards");
}

/* Calls everything, and returns the first failure. */
static int whole_life(struct chrext_error **err)
{
	struct chrext_devices *devs = NULL;
	struct chrext_driver *drv = NULL;
	struct chrext_object *o;
	int ret = -1, variables = 0;

	o = chrext_object_open(hello, err);
	if (o)
		ret = chrext_object_variables(o, count_variable, &variables, err);
	if (!ret)
		ret = chrext_object_set_name(o, "scarce", err);
	if (!ret)
		ret = chrext_object_load(o, err);
	if (!ret)
		ret = chrext_object_attach(o, err);
	if (!ret)
		ret = chrext_object_pin(o, err);
	if (!ret) {
		drv = chrext_driver_find("scarce", err);
		ret = drv ? 0 : -1;
	}
	if (!ret) {
		devs = chrext_devices_list("scarce", err);
		ret = devs ? 0 : -1;
	}
	if (!ret)
		ret = chrext_driver_detach(drv, err);
	chrext_devices_free(devs);
	chrext_driver_free(drv);
	if (o)
		chrext_object_detach(o);
	chrext_object_free(o);
	return ret;
}

/* Each allocation fails once. A failure has an error, and leaves nothing. */
static void test_memory(void)
{
	int n, ret, bad = 0, left = 0;
	struct chrext_error *err;

	for (n = 1; n < MAX_FAILURES; n++) {
		err = NULL;
		failing = n;
		ret = whole_life(&err);
		if (failing && !ret)
			break;
		failing = 0;
		if (ret ? !err || !err->text || err->code >= 0 : !!err) {
			diag("allocation %d: returned %d, error %s", n, ret,
			     err ? err->text : "none");
			bad++;
		}
		chrext_error_free(err);
		left += !access("/sys/fs/bpf/chr_ext/scarce", F_OK) ||
			!access("/dev/scarce", F_OK);
	}
	failing = 0;
	ok(n > 10 && n < MAX_FAILURES, "%d allocations fail in turn", n - 1);
	is_num(bad, 0, "a call that fails has an error, one that works has none");
	is_num(left, 0, "and no driver is left");
}

int main(int argc, char **argv)
{
	need(argc == 3, "library DRIVERS REJECT");
	snprintf(hello, sizeof(hello), "%s/hello.bpf.o", argv[1]);
	snprintf(beyond, sizeof(beyond), "%s/beyond.bpf.o", argv[2]);
	is_num(chrext_check(1U << 31, NULL), -EINVAL, "unknown bits of a check");
	is_num(chrext_check(CHREXT_CHECK_LOAD | CHREXT_CHECK_PIN |
			    CHREXT_CHECK_TRACE, NULL), 0,
	       "the machine is ready");
	test_open();
	test_inspect();
	test_order();
	test_life();
	test_reason();
	test_print();
	test_threads();
	test_memory();
	return done_testing();
}
