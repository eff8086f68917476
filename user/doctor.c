// SPDX-License-Identifier: GPL-2.0-only
/* chrext doctor: is all there that drivers need, and what mends it if not? */
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "chrext.h"

enum verdict { GOOD, WARN, FAIL };

static const char *const verdicts[] = { "ok", "warn", "FAIL" };

static bool as_json;
static bool sick;

static void say(enum verdict verdict, const char *check, const char *found,
		const char *mend)
{
	sick |= verdict == FAIL;
	if (verdict == GOOD)
		mend = NULL;
	if (!as_json) {
		printf("%-4s  %s: %s%s%s\n", verdicts[verdict], check, found,
		       mend ? "; " : "", mend ? mend : "");
		return;
	}
	json_begin(NULL, '{');
	json_string("check", check);
	json_string("result", verdicts[verdict]);
	json_string("found", found);
	if (mend)
		json_string("mend", mend);
	else
		json_null("mend");
	json_end('}');
}

static void check_kernel(void)
{
	unsigned int major = 0, minor = 0;
	struct utsname u;

	uname(&u);
	sscanf(u.release, "%u.%u", &major, &minor);
	say(major > 6 || (major == 6 && minor >= 12) ? GOOD : FAIL,
	    "kernel", u.release, "boot Linux 6.12 or newer");
}

static void check_kernel_btf(void)
{
	bool ok = path_exists("/sys/kernel/btf/vmlinux");

	say(ok ? GOOD : FAIL, "kernel BTF",
	    ok ? "/sys/kernel/btf/vmlinux" : "none",
	    "boot a kernel with CONFIG_DEBUG_INFO_BTF=y");
}

static void check_module(void)
{
	bool ok = module_loaded();

	say(ok ? GOOD : FAIL, "chr_ext module", ok ? "loaded" : "not loaded",
	    "run 'modprobe chr_ext'");
	if (!ok)
		return;
	ok = path_exists("/sys/kernel/btf/chr_ext");
	say(ok ? GOOD : FAIL, "module BTF",
	    ok ? "/sys/kernel/btf/chr_ext" : "none",
	    "build the module again for this kernel, with pahole installed");
}

static void check_gpio(void)
{
	bool ok = module_has_gpio();

	say(ok ? GOOD : WARN, "GPIO",
	    ok ? "kfuncs and boards" :
		 "none, the module was built for a kernel without GPIOLIB",
	    "boot a kernel with CONFIG_GPIOLIB=y to drive pins");
	if (!ok)
		return;
	ok = configfs_mounted();
	say(ok ? GOOD : WARN, "configfs",
	    ok ? CONFIGFS : "not mounted at " CONFIGFS ", no boards",
	    "run 'mount -t configfs configfs " CONFIGFS "'");
}

static void check_mounts(void)
{
	bool ok = bpffs_mounted();

	say(ok ? GOOD : FAIL, "bpffs",
	    ok ? BPFFS : "not mounted at " BPFFS,
	    "run 'mount -t bpf bpf " BPFFS "'");
	ok = debugfs_mounted();
	say(ok ? GOOD : WARN, "debugfs",
	    ok ? DEBUGFS : "not mounted at " DEBUGFS ", no logs",
	    "run 'mount -t debugfs debugfs " DEBUGFS "'");
}

static void check_rights(void)
{
	bool ok = cap_sys_admin();

	say(ok ? GOOD : FAIL, "capabilities",
	    ok ? "CAP_SYS_ADMIN" : "no CAP_SYS_ADMIN", "run chrext as root");
	if (lockdown_is("confidentiality"))
		say(WARN, "lockdown",
		    "confidentiality, programs cannot use the helpers that read kernel memory",
		    "boot with lockdown=integrity or lockdown=none");
	else if (lockdown_is("integrity"))
		say(GOOD, "lockdown", "integrity, modules must be signed", NULL);
	else
		say(GOOD, "lockdown", "none", NULL);
}

static void check_libbpf(void)
{
	__u32 major = libbpf_major_version(), minor = libbpf_minor_version();

	say(major > 1 || (major == 1 && minor >= 4) ? GOOD : FAIL, "libbpf",
	    libbpf_version_string(), "install libbpf 1.4 or newer");
}

/* Only root may read it. Without the file, the kernel has no JIT. */
static void check_jit(void)
{
	static const char path[] = "/proc/sys/net/core/bpf_jit_enable";
	FILE *f;
	int c;

	if (!path_exists(path)) {
		say(FAIL, "BPF JIT", "none",
		    "boot a kernel with CONFIG_BPF_JIT=y");
		return;
	}
	f = fopen(path, "re");
	c = f ? fgetc(f) : EOF;
	if (f)
		fclose(f);
	if (c == EOF)
		say(WARN, "BPF JIT", "not known", "run chrext as root");
	else
		say(c == '0' ? FAIL : GOOD, "BPF JIT", c == '0' ? "off" : "on",
		    "run 'sysctl net.core.bpf_jit_enable=1'");
}

int verb_doctor(const struct options *opt)
{
	as_json = opt->json;
	if (as_json)
		json_begin(NULL, '[');
	check_kernel();
	check_kernel_btf();
	check_module();
	if (module_loaded())
		check_gpio();
	check_mounts();
	check_rights();
	check_libbpf();
	check_jit();
	if (as_json)
		json_end(']');
	return sick ? EXIT_FAILED : EXIT_OK;
}
