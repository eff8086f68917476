// SPDX-License-Identifier: GPL-2.0-only
/* What the machine offers: file systems, the module, capabilities, lockdown. */
#include <linux/capability.h>
#include <linux/magic.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "chrext.h"

#define CONFIGFS_MAGIC	0x62656570	/* in no header */

bool path_exists(const char *path)
{
	return access(path, F_OK) == 0;
}

bool fs_mounted(const char *path, __u32 magic)
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

/* A module for a kernel without GPIOLIB has none of these kfuncs. */
bool module_has_gpio(void)
{
	struct btf *vmlinux, *btf;
	bool has;

	vmlinux = btf__load_vmlinux_btf();
	btf = vmlinux ? btf__load_module_btf("chr_ext", vmlinux) : NULL;
	has = btf && btf__find_by_name_kind(btf, "chr_ext_gpio_get",
					    BTF_KIND_FUNC) > 0;
	btf__free(btf);
	btf__free(vmlinux);
	return has;
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

void complain_eperm(const char *what)
{
	if (!cap_sys_admin())
		complain("%s needs CAP_SYS_ADMIN (with it CAP_BPF and CAP_PERFMON), which this process lacks: run chrext as root",
			 what);
	else if (lockdown_is("confidentiality"))
		complain("%s is not permitted: the kernel is locked down (confidentiality), boot it with lockdown=integrity or lockdown=none",
			 what);
	else
		complain("%s is not permitted, although this process has CAP_SYS_ADMIN: is it in a container or a user namespace?",
			 what);
}

__u64 now_usec(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000ULL + ts.tv_nsec / 1000;
}

/*
 * A descriptor for the signals that end a command, which are blocked from here on:
 * none comes between two steps.
 */
int signals_take(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC);
}
