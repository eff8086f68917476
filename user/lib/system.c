// SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause
/* What the machine offers: file systems, the module, capabilities, lockdown. */
#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <linux/capability.h>
#include <linux/magic.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "lib.h"

#define CONFIGFS_MAGIC	0x62656570	/* in no header */

bool path_exists(const char *path)
{
	return access(path, F_OK) == 0;
}

static bool fs_mounted(const char *path, __u32 magic)
{
	struct statfs st;

	return statfs(path, &st) == 0 && (__u32)st.f_type == magic;
}

bool bpffs_mounted(void)
{
	return fs_mounted(BPFFS, BPF_FS_MAGIC);
}

bool debugfs_mounted(void)
{
	return fs_mounted(DEBUGFS, DEBUGFS_MAGIC);
}

bool configfs_mounted(void)
{
	return fs_mounted(CONFIGFS, CONFIGFS_MAGIC);
}

bool module_loaded(void)
{
	return path_exists("/sys/module/chr_ext");
}

/* The first line of a file whose path is @fmt, without the newline. */
bool file_line(char *buf, size_t size, const char *fmt, ...)
{
	char path[PATH_MAX];
	va_list ap;
	FILE *f;
	bool ok;

	va_start(ap, fmt);
	vsnprintf(path, sizeof(path), fmt, ap);
	va_end(ap);
	f = fopen(path, "re");
	if (!f)
		return false;
	ok = fgets(buf, size, f);
	fclose(f);
	if (ok)
		buf[strcspn(buf, "\n")] = 0;
	return ok;
}

/* A family of kfuncs that the module was built with, such as "gpio". */
bool module_has(const char *family)
{
	char line[256], *word, *rest;

	if (!file_line(line, sizeof(line), CLASS_DIR "/families"))
		return false;
	for (word = strtok_r(line, " ", &rest); word;
	     word = strtok_r(NULL, " ", &rest))
		if (!strcmp(word, family))
			return true;
	return false;
}

/* 0: no module is loaded. */
__u32 module_abi(void)
{
	char line[16];

	return file_line(line, sizeof(line), CLASS_DIR "/abi") ?
	       strtoul(line, NULL, 10) : 0;
}

/* CAP_SYS_ADMIN stands for CAP_BPF and CAP_PERFMON too. */
bool cap_sys_admin(void)
{
	unsigned long long caps = 0;
	char line[256];
	FILE *f;

	f = fopen("/proc/self/status", "re");
	if (!f)
		return geteuid() == 0;
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "CapEff: %llx", &caps) == 1)
			break;
	fclose(f);
	return caps >> CAP_SYS_ADMIN & 1;
}

/* The mode in force stands in brackets: "none [integrity] confidentiality". */
bool lockdown_is(const char *mode)
{
	char line[128] = "", want[32];
	FILE *f;

	f = fopen("/sys/kernel/security/lockdown", "re");
	if (!f)
		return false;
	if (!fgets(line, sizeof(line), f))
		line[0] = 0;
	fclose(f);
	snprintf(want, sizeof(want), "[%s]", mode);
	return strstr(line, want);
}

__u64 now_usec(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000ULL + ts.tv_nsec / 1000;
}

void wait_a_little(void)
{
	const struct timespec ts = { .tv_nsec = 5 * 1000 * 1000 };

	nanosleep(&ts, NULL);
}

static int check_module(struct chrext_error **err)
{
	unsigned int major = 0, minor = 0;
	struct utsname u;

	/* These come first: the module cannot be loaded without them. */
	uname(&u);
	sscanf(u.release, "%u.%u", &major, &minor);
	if (major < 6 || (major == 6 && minor < 12))
		return fail(err, -ENODEV, "this kernel is %s, and chr_ext needs Linux 6.12 or newer: boot a newer kernel",
			    u.release);
	if (!path_exists("/sys/kernel/btf/vmlinux"))
		return fail(err, -ENODEV, "this kernel has no BTF (/sys/kernel/btf/vmlinux): it needs CONFIG_DEBUG_INFO_BTF=y");
	if (!module_loaded())
		return fail(err, -ENODEV, "the chr_ext module is not loaded: run 'modprobe chr_ext'");
	if (!path_exists("/sys/kernel/btf/chr_ext"))
		return fail(err, -ENODEV, "the chr_ext module is loaded without BTF: build it again for this kernel, with pahole installed");
	return 0;
}

static int check_boards(struct chrext_error **err)
{
	if (path_exists(BOARDS_DIR))
		return 0;
	if (!module_loaded())
		return check_module(err);
	if (!module_has("gpio"))
		return fail(err, -ENODEV, "the loaded chr_ext module has no GPIO and no boards: it was built for a kernel without CONFIG_GPIOLIB");
	return fail(err, -ENODEV, "configfs is not mounted at " CONFIGFS ", which holds the boards: run 'mount -t configfs configfs " CONFIGFS "'");
}

static int check_trace(struct chrext_error **err)
{
	if (!fs_mounted(TRACEFS, TRACEFS_MAGIC))
		return fail(err, -ENODEV, "tracefs is not mounted at " TRACEFS ": run 'mount -t tracefs tracefs " TRACEFS "'");
	if (access(TRACEFS "/instances", W_OK) || lockdown_is("confidentiality"))
		return fail_eperm(err, "recording tracepoints");
	return 0;
}

/* In the order in which a user would repair it. */
int chrext_check(unsigned int what, struct chrext_error **err)
{
	int ret = 0;

	if (what & ~(CHREXT_CHECK_MODULE | CHREXT_CHECK_LOAD |
		     CHREXT_CHECK_PIN | CHREXT_CHECK_BOARDS |
		     CHREXT_CHECK_TRACE))
		return fail(err, -EINVAL, "unknown checks %#x", what);
	if (what & (CHREXT_CHECK_MODULE | CHREXT_CHECK_LOAD))
		ret = check_module(err);
	if (!ret && what & CHREXT_CHECK_LOAD && !cap_sys_admin())
		ret = fail_eperm(err, "loading a driver");
	if (!ret && what & CHREXT_CHECK_PIN && !bpffs_mounted())
		ret = fail(err, -ENODEV, "bpffs is not mounted at " BPFFS ", which keeps the drivers: run 'mount -t bpf bpf " BPFFS "'");
	if (!ret && what & CHREXT_CHECK_BOARDS)
		ret = check_boards(err);
	if (!ret && what & CHREXT_CHECK_TRACE)
		ret = check_trace(err);
	return ret;
}
