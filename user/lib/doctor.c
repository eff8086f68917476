// SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause
/* Everything that drivers need, and what repairs it. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/utsname.h>

#include "lib.h"

struct doctor {
	void (*fn)(void *arg, const struct chrext_finding *finding);
	void *arg;
	int failed;
};

static void report(struct doctor *f, enum chrext_verdict verdict,
		   const char *check, const char *found, const char *mend)
{
	const struct chrext_finding finding = {
		.verdict = verdict,
		.check = check,
		.found = found,
		.mend = verdict == CHREXT_OK ? NULL : mend,
	};

	f->failed += verdict == CHREXT_FAIL;
	f->fn(f->arg, &finding);
}

/* @good or @bad is what was found. */
static void check(struct doctor *f, bool ok, enum chrext_verdict otherwise,
		  const char *name, const char *good, const char *bad,
		  const char *mend)
{
	report(f, ok ? CHREXT_OK : otherwise, name, ok ? good : bad, mend);
}

static void check_kernel(struct doctor *f)
{
	unsigned int major = 0, minor = 0;
	struct utsname u;

	uname(&u);
	sscanf(u.release, "%u.%u", &major, &minor);
	check(f, major > 6 || (major == 6 && minor >= 12), CHREXT_FAIL,
	      "kernel", u.release, u.release, "boot Linux 6.12 or newer");
	check(f, path_exists("/sys/kernel/btf/vmlinux"), CHREXT_FAIL,
	      "kernel BTF", "/sys/kernel/btf/vmlinux", "none",
	      "boot a kernel with CONFIG_DEBUG_INFO_BTF=y");
}

static void check_gpio(struct doctor *f)
{
	bool ok = module_has("gpio");
	char families[256] = "none", flags[256] = "none";

	file_line(families, sizeof(families), CLASS_DIR "/families");
	report(f, CHREXT_OK, "families", families, NULL);
	file_line(flags, sizeof(flags), CLASS_DIR "/flags");
	report(f, CHREXT_OK, "flags", flags, NULL);
	check(f, ok, CHREXT_WARN, "GPIO", "kfuncs and boards",
	      "none, the module was built for a kernel without GPIOLIB",
	      "boot a kernel with CONFIG_GPIOLIB=y to drive pins");
	if (ok)
		check(f, configfs_mounted(), CHREXT_WARN, "configfs", CONFIGFS,
		      "not mounted at " CONFIGFS ", no boards",
		      "run 'mount -t configfs configfs " CONFIGFS "'");
}

static void check_module(struct doctor *f)
{
	bool ok = module_loaded();
	char version[32] = "loaded", abi[16] = "none";

	file_line(version, sizeof(version), "/sys/module/chr_ext/version");
	check(f, ok, CHREXT_FAIL, "chr_ext module", version, "not loaded",
	      "run 'modprobe chr_ext'");
	if (!ok)
		return;
	file_line(abi, sizeof(abi), CLASS_DIR "/abi");
	check(f, strtoul(abi, NULL, 10) >= CHR_EXT_ABI, CHREXT_WARN, "ABI", abi,
	      abi, "install a module of the version of chrext, for its drivers to load");
	check(f, path_exists("/sys/kernel/btf/chr_ext"), CHREXT_FAIL,
	      "module BTF", "/sys/kernel/btf/chr_ext", "none",
	      "build the module again for this kernel, with pahole installed");
	check_gpio(f);
}

static void check_mounts(struct doctor *f)
{
	check(f, bpffs_mounted(), CHREXT_FAIL, "bpffs", BPFFS,
	      "not mounted at " BPFFS, "run 'mount -t bpf bpf " BPFFS "'");
	check(f, debugfs_mounted(), CHREXT_WARN, "debugfs", DEBUGFS,
	      "not mounted at " DEBUGFS ", no logs",
	      "run 'mount -t debugfs debugfs " DEBUGFS "'");
}

static void check_rights(struct doctor *f)
{
	check(f, cap_sys_admin(), CHREXT_FAIL, "capabilities", "CAP_SYS_ADMIN",
	      "no CAP_SYS_ADMIN", "run chrext as root");
	if (lockdown_is("confidentiality"))
		report(f, CHREXT_WARN, "lockdown",
		       "confidentiality, programs cannot use the helpers that read kernel memory",
		       "boot with lockdown=integrity or lockdown=none");
	else
		report(f, CHREXT_OK, "lockdown", lockdown_is("integrity") ?
		       "integrity, modules must be signed" : "none", NULL);
}

static void check_libbpf(struct doctor *f)
{
	__u32 major = libbpf_major_version(), minor = libbpf_minor_version();

	check(f, major > 1 || (major == 1 && minor >= 4), CHREXT_FAIL, "libbpf",
	      libbpf_version_string(), libbpf_version_string(),
	      "install libbpf 1.4 or newer");
}

/* Only root may read it. Without the file, the kernel has no JIT. */
static void check_jit(struct doctor *f)
{
	static const char path[] = "/proc/sys/net/core/bpf_jit_enable";
	char line[16];

	if (!path_exists(path))
		report(f, CHREXT_FAIL, "BPF JIT", "none",
		       "boot a kernel with CONFIG_BPF_JIT=y");
	else if (!file_line(line, sizeof(line), "%s", path))
		report(f, CHREXT_WARN, "BPF JIT", "not known",
		       "run chrext as root");
	else
		check(f, *line != '0', CHREXT_FAIL, "BPF JIT", "on", "off",
		      "run 'sysctl net.core.bpf_jit_enable=1'");
}

int chrext_doctor(void (*fn)(void *arg, const struct chrext_finding *finding),
		  void *arg)
{
	struct doctor f = { .fn = fn, .arg = arg };

	check_kernel(&f);
	check_module(&f);
	check_mounts(&f);
	check_rights(&f);
	check_libbpf(&f);
	check_jit(&f);
	return f.failed;
}
