// SPDX-License-Identifier: GPL-2.0-only
/*
 * scull NODE: the ioctls of a scull as it was loaded.
 * scull shared NODE NODE: two of them, loaded with a quantum of 7.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <limits.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tap.h"

#define RESET		_IO('k', 0)
/* The first of two numbers, the quantum; the qset is one more. */
#define S(n)		_IOW('k', 1 + (n), int)
#define T(n)		_IO('k', 3 + (n))
#define G(n)		_IOR('k', 5 + (n), int)
#define Q(n)		_IO('k', 7 + (n))
#define X(n)		_IOWR('k', 9 + (n), int)
#define H(n)		_IO('k', 11 + (n))

static const char *const names[] = { "quantum", "qset" };
static const int defaults[] = { 4000, 1000 };
static int fd;

static long call(unsigned long cmd, long arg)
{
	return ret_of(ioctl(fd, cmd, arg));
}

static long call_by(unsigned long cmd, int *value)
{
	return ret_of(ioctl(fd, cmd, value));
}

static bool check(bool good, int n, const char *what)
{
	return ok(good, "%s: %s", names[n], what);
}

static void conventions(int n)
{
	int v = -7;

	check(!call_by(G(n), &v) && v == defaults[n], n, "G gives the default");
	check(call(Q(n), 0) == defaults[n], n, "so does Q");
	v = 11;
	check(!call_by(S(n), &v) && v == 11 && call(Q(n), 0) == 11, n,
	    "S sets by pointer");
	check(!call(T(n), 22) && call(Q(n), 0) == 22, n, "T sets by value");
	v = 0;
	check(!call_by(G(n), &v) && v == 22, n, "G gets by pointer");
	v = 33;
	check(!call_by(X(n), &v) && v == 22 && call(Q(n), 0) == 33, n,
	    "X exchanges by pointer");
	check(call(H(n), 44) == 33 && call(Q(n), 0) == 44, n,
	    "H exchanges by value");
	check(!call(T(n), INT_MAX) && call(Q(n), 0) == INT_MAX, n,
	    "the largest number can be set and queried");
	check(call(Q(!n), 0) == defaults[!n], n, "the other is as it was");
	check(!call(RESET, 0) && call(Q(n), 0) == defaults[n], n,
	    "RESET makes it the default");
}

static void no_numbers(int n)
{
	static const int wrong[] = { 0, -1, INT_MIN };
	size_t i;
	int v;

	for (i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		v = wrong[i];
		check(call_by(S(n), &v) == -EINVAL, n, "S of no number: EINVAL");
		check(call(T(n), v) == -EINVAL, n, "T too");
		check(call_by(X(n), &v) == -EINVAL && v == wrong[i], n,
		    "X too, and writes nothing");
		check(call(H(n), v) == -EINVAL, n, "H too");
	}
	check(call(Q(n), 0) == defaults[n], n, "it is as it was");
}

static void no_pointers(int n)
{
	int *ro = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		       0);

	need(ro != MAP_FAILED, "mmap");
	check(call(S(n), 8) == -EFAULT, n, "S of no memory: EFAULT");
	check(call(G(n), 8) == -EFAULT, n, "G too");
	check(call(X(n), 8) == -EFAULT, n, "X too");
	check(call_by(G(n), ro) == -EFAULT, n, "G of a read-only page too");
	check(call(Q(n), 0) == defaults[n], n, "it is as it was");
	munmap(ro, 4096);
}

/* Each of a user's calls in one bit: did it give what it should? */
static int lowly(int n)
{
	int v = 5, got = 0;

	got |= (call_by(S(n), &v) == -EPERM) << 0;
	got |= (call(T(n), 5) == -EPERM) << 1;
	got |= (call_by(X(n), &v) == -EPERM && v == 5) << 2;
	got |= (call(H(n), 5) == -EPERM) << 3;
	got |= (!call_by(G(n), &v) && v == 99) << 4;
	got |= (call(Q(n), 0) == 99) << 5;
	got |= !call(RESET, 0) << 6;
	return got;
}

static void privilege(int n)
{
	static const char *const what[] = {
		"S by a user: EPERM", "T: EPERM", "X: EPERM", "H: EPERM",
		"G by a user", "Q by a user", "RESET by a user",
	};
	int i, status = 0, pid;

	call(T(n), 99);
	pid = fork();
	if (!pid)
		_exit(setuid(1000) ? 0 : lowly(n));
	waitpid(pid, &status, 0);
	for (i = 0; i < 7; i++)
		check(WEXITSTATUS(status) >> i & 1, n, what[i]);
	check(call(Q(n), 0) == defaults[n], n, "which was a RESET");
}

static void others(void)
{
	int v = 5;

	is(ioctl(fd, _IO('k', 13), 0), -ENOTTY, "a number behind the last: ENOTTY");
	is(ioctl(fd, _IO('k', 255), 0), -ENOTTY, "the largest too");
	is(ioctl(fd, _IO('j', 0), 0), -ENOTTY, "another type too");
	is(ioctl(fd, _IOW('j', 1, int), &v), -ENOTTY, "with a pointer too");
	is(ioctl(fd, _IOR('k', 1, int), &v), -ENOTTY, "another direction too");
	is(ioctl(fd, _IOW('k', 1, long long), &v), -ENOTTY, "another size too");
	is(ioctl(fd, _IO('k', 1), 5), -ENOTTY, "none too");
	is(ioctl(fd, 0, 0), -ENOTTY, "0 too");
	is(ioctl(fd, 0xffffffff, NULL), -ENOTTY,
	   "one with a large argument that is not there too");
	is(ioctl(fd, Q(0), 0), defaults[0], "the numbers are as they were");
}

static int shared(char **node)
{
	int other;

	fd = open(node[0], O_RDONLY);
	other = open(node[1], O_RDONLY);
	need(fd >= 0 && other >= 0, "open");
	is_num(call(Q(0), 0), 7, "a number that was set at load");
	call(T(0), 8);
	is(ioctl(other, Q(0), 0), 8, "one scull's numbers are the other's");
	call(RESET, 0);
	is_num(call(Q(0), 0), defaults[0], "RESET makes it the book's");
	return done_testing();
}

int main(int argc, char **argv)
{
	int n;

	if (argc == 4)
		return shared(argv + 2);
	if (argc != 2)
		return 2;
	fd = open(argv[1], O_RDWR);
	need(fd >= 0, argv[1]);
	for (n = 0; n < 2; n++) {
		conventions(n);
		no_numbers(n);
		no_pointers(n);
		privilege(n);
	}
	others();
	return done_testing();
}
