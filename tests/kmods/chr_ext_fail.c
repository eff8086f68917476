// SPDX-License-Identifier: GPL-2.0-only
/*
 * Makes a function of the kernel return NULL, for tests of error paths on kernels
 * without fault injection:
 *
 *	insmod chr_ext_fail.ko func=kvasprintf comm=mkdir skip=1
 *
 * fails all calls by tasks of that name but the first skip ones, until the module
 * is unloaded; caller=NAME only those from that function of the kernel.
 * /sys/module/chr_ext_fail/parameters/failed counts them.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/atomic.h>
#include <linux/kallsyms.h>
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/ptrace.h>
#include <linux/sched.h>
#include <linux/string.h>

static char *func;
module_param(func, charp, 0400);
static char *comm;
module_param(comm, charp, 0400);
static char *caller;
module_param(caller, charp, 0400);
static int skip;
module_param(skip, int, 0400);
static unsigned int failed;
module_param(failed, uint, 0400);

static atomic_t calls;

/* Runs in the place of the function, and returns to its caller. */
static noinline void *return_null(void)
{
	return NULL;
}

static bool called_by(const struct pt_regs *regs, const char *name)
{
	char symbol[KSYM_SYMBOL_LEN];

#ifdef CONFIG_X86
	/* A function begins with its return address on the stack. */
	sprint_symbol_no_offset(symbol, *(unsigned long *)regs->sp);
#else
	sprint_symbol_no_offset(symbol, procedure_link_pointer(regs));
#endif
	return str_has_prefix(symbol, name);
}

static int call_before(struct kprobe *p, struct pt_regs *regs)
{
	if (strcmp(current->comm, comm) ||
	    (caller && !called_by(regs, caller)) ||
	    atomic_inc_return(&calls) <= skip)
		return 0;
	failed++;
	instruction_pointer_set(regs, (unsigned long)return_null);
	return 1;
}

/* Keeps kprobes from a jump in the place of the trap: it cannot divert a call. */
static void call_after(struct kprobe *p, struct pt_regs *regs,
		       unsigned long flags)
{
}

static struct kprobe probe = {
	.pre_handler	= call_before,
	.post_handler	= call_after,
};

static int __init fail_init(void)
{
	if (!func || !comm)
		return -EINVAL;
	probe.symbol_name = func;
	return register_kprobe(&probe);
}
module_init(fail_init);

static void __exit fail_exit(void)
{
	unregister_kprobe(&probe);
}
module_exit(fail_exit);

MODULE_DESCRIPTION("Failing functions for the tests of chr_ext");
MODULE_LICENSE("GPL");
