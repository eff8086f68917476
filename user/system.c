// SPDX-License-Identifier: GPL-2.0-only
/* What the machine offers: file systems, the module, capabilities, lockdown. */
#include <linux/capability.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "chrext.h"

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

bool module_loaded(void)
{
	return path_exists("/sys/module/chr_ext");
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
