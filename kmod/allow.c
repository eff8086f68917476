// SPDX-License-Identifier: GPL-2.0-only
/*
 * What programs may call of the kernel's own helpers and kfuncs: what is listed
 * here, on every kernel, and nothing that a newer kernel adds.
 *
 * None of it waits for user space: a guard could then not be drained. Page
 * faults are off inside it, but some kfuncs wait without one: for pages of
 * another task, a mapped file (build ids, dynptrs of files), a key that a user
 * agent makes, an input device that is a process (uhid). Work of a task runs
 * where it may fault. Tail calls are out because 6.12 lets a program that must
 * not sleep continue as one that may.
 */
#include <linux/bpf.h>
#include <linux/btf.h>
#include <linux/string.h>

#include "allow.h"
#include "kfuncs.h"
#include "log.h"
#include "ops.h"

static const u16 helpers[] = {
	/* maps */
	BPF_FUNC_map_lookup_elem, BPF_FUNC_map_update_elem,
	BPF_FUNC_map_delete_elem, BPF_FUNC_map_push_elem,
	BPF_FUNC_map_pop_elem, BPF_FUNC_map_peek_elem,
	BPF_FUNC_map_lookup_percpu_elem, BPF_FUNC_for_each_map_elem,
	BPF_FUNC_ringbuf_output, BPF_FUNC_ringbuf_reserve,
	BPF_FUNC_ringbuf_submit, BPF_FUNC_ringbuf_discard,
	BPF_FUNC_ringbuf_query, BPF_FUNC_ringbuf_reserve_dynptr,
	BPF_FUNC_ringbuf_submit_dynptr, BPF_FUNC_ringbuf_discard_dynptr,
	BPF_FUNC_user_ringbuf_drain, BPF_FUNC_cgrp_storage_get,
	BPF_FUNC_cgrp_storage_delete, BPF_FUNC_task_storage_get,
	BPF_FUNC_task_storage_delete, BPF_FUNC_per_cpu_ptr,
	BPF_FUNC_this_cpu_ptr, BPF_FUNC_kptr_xchg,
	/* control */
	BPF_FUNC_loop, BPF_FUNC_spin_lock, BPF_FUNC_spin_unlock,
	BPF_FUNC_timer_init, BPF_FUNC_timer_set_callback,
	BPF_FUNC_timer_start, BPF_FUNC_timer_cancel,
	/* memory and text */
	BPF_FUNC_dynptr_from_mem, BPF_FUNC_dynptr_read, BPF_FUNC_dynptr_write,
	BPF_FUNC_dynptr_data, BPF_FUNC_strncmp, BPF_FUNC_strtol,
	BPF_FUNC_strtoul, BPF_FUNC_snprintf, BPF_FUNC_snprintf_btf,
	BPF_FUNC_trace_printk, BPF_FUNC_trace_vprintk,
	BPF_FUNC_probe_read_kernel, BPF_FUNC_probe_read_kernel_str,
	BPF_FUNC_probe_read_user, BPF_FUNC_probe_read_user_str,
	BPF_FUNC_copy_from_user,
	/* time, CPU, chance */
	BPF_FUNC_ktime_get_ns, BPF_FUNC_ktime_get_boot_ns,
	BPF_FUNC_ktime_get_tai_ns, BPF_FUNC_jiffies64,
	BPF_FUNC_get_smp_processor_id, BPF_FUNC_get_numa_node_id,
	BPF_FUNC_get_prandom_u32,
	/* the current task */
	BPF_FUNC_get_current_pid_tgid, BPF_FUNC_get_ns_current_pid_tgid,
	BPF_FUNC_get_current_uid_gid, BPF_FUNC_get_current_comm,
	BPF_FUNC_get_current_task, BPF_FUNC_get_current_task_btf,
	BPF_FUNC_task_pt_regs, BPF_FUNC_get_current_cgroup_id,
	BPF_FUNC_get_current_ancestor_cgroup_id,
	BPF_FUNC_current_task_under_cgroup,
};

/* Without the suffix "_impl", which some have on some kernels. */
static const char *const kfuncs[] = {
	/* control */
	"bpf_iter_num_new", "bpf_iter_num_next", "bpf_iter_num_destroy",
	"bpf_iter_bits_new", "bpf_iter_bits_next", "bpf_iter_bits_destroy",
	"bpf_rcu_read_lock", "bpf_rcu_read_unlock",
	"bpf_preempt_disable", "bpf_preempt_enable",
	"bpf_local_irq_save", "bpf_local_irq_restore",
	"bpf_res_spin_lock", "bpf_res_spin_unlock",
	"bpf_res_spin_lock_irqsave", "bpf_res_spin_unlock_irqrestore",
	"bpf_wq_init", "bpf_wq_set_callback", "bpf_wq_start",
	"bpf_timer_cancel_async",
	/* objects of the program */
	"bpf_obj_new", "bpf_obj_drop", "bpf_percpu_obj_new",
	"bpf_percpu_obj_drop", "bpf_refcount_acquire",
	"bpf_list_push_front", "bpf_list_push_back", "bpf_list_add",
	"bpf_list_pop_front", "bpf_list_pop_back", "bpf_list_del",
	"bpf_list_front", "bpf_list_back", "bpf_list_is_first",
	"bpf_list_is_last", "bpf_list_empty",
	"bpf_rbtree_add", "bpf_rbtree_remove", "bpf_rbtree_first",
	"bpf_rbtree_root", "bpf_rbtree_left", "bpf_rbtree_right",
	"bpf_map_sum_elem_count", "bpf_arena_alloc_pages",
	"bpf_arena_free_pages", "bpf_arena_reserve_pages",
	/* memory and text */
	"bpf_dynptr_slice", "bpf_dynptr_slice_rdwr", "bpf_dynptr_adjust",
	"bpf_dynptr_is_null", "bpf_dynptr_is_rdonly", "bpf_dynptr_size",
	"bpf_dynptr_clone", "bpf_dynptr_copy", "bpf_dynptr_memset",
	"bpf_copy_from_user_str", "bpf_copy_from_user_dynptr",
	"bpf_copy_from_user_str_dynptr", "bpf_probe_read_user_dynptr",
	"bpf_probe_read_kernel_dynptr", "bpf_probe_read_user_str_dynptr",
	"bpf_probe_read_kernel_str_dynptr",
	"bpf_strcmp", "bpf_strcasecmp", "bpf_strncasecmp", "bpf_strchr",
	"bpf_strchrnul", "bpf_strnchr", "bpf_strrchr", "bpf_strlen",
	"bpf_strnlen", "bpf_strspn", "bpf_strcspn", "bpf_strstr",
	"bpf_strcasestr", "bpf_strnstr", "bpf_strncasestr",
	"bpf_stream_vprintk", "bpf_stream_print_stack",
	"bpf_cast_to_kern_ctx", "bpf_rdonly_cast",
	/* tasks, cgroups, CPUs */
	"bpf_task_acquire", "bpf_task_release", "bpf_task_from_pid",
	"bpf_task_from_vpid", "bpf_task_under_cgroup",
	"bpf_iter_task_new", "bpf_iter_task_next", "bpf_iter_task_destroy",
	"bpf_cgroup_acquire", "bpf_cgroup_release", "bpf_cgroup_ancestor",
	"bpf_cgroup_from_id", "bpf_iter_css_new", "bpf_iter_css_next",
	"bpf_iter_css_destroy",
	"bpf_cpumask_create", "bpf_cpumask_release", "bpf_cpumask_acquire",
	"bpf_cpumask_first", "bpf_cpumask_first_zero",
	"bpf_cpumask_first_and", "bpf_cpumask_set_cpu",
	"bpf_cpumask_clear_cpu", "bpf_cpumask_test_cpu",
	"bpf_cpumask_test_and_set_cpu", "bpf_cpumask_test_and_clear_cpu",
	"bpf_cpumask_setall", "bpf_cpumask_clear", "bpf_cpumask_and",
	"bpf_cpumask_or", "bpf_cpumask_xor", "bpf_cpumask_equal",
	"bpf_cpumask_intersects", "bpf_cpumask_subset", "bpf_cpumask_empty",
	"bpf_cpumask_full", "bpf_cpumask_copy",
	"bpf_cpumask_any_distribute", "bpf_cpumask_any_and_distribute",
	"bpf_cpumask_weight", "bpf_cpumask_populate",
};

/**
 * chr_ext_helper_proto() - prototype of a helper
 * @id: the helper
 * @prog: the program that calls it
 *
 * Return: the prototype, or NULL; then the verifier names the helper.
 */
const struct bpf_func_proto *chr_ext_helper_proto(enum bpf_func_id id,
						  const struct bpf_prog *prog)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(helpers); i++)
		if (helpers[i] == id)
			return bpf_base_func_proto(id, prog);
	return NULL;
}

/*
 * The header of the kernel's BTF, which lies right before its first type: nothing
 * that 6.12 exports gives the name of a type. Newer headers can be longer than
 * what pahole wrote.
 */
static const struct btf_header *vmlinux_header(const struct btf *btf)
{
	const void *first = btf_type_by_id(btf, 1);
	const struct btf_header *h;
	size_t len;

	for (len = offsetofend(struct btf_header, str_len);
	     first && len <= 64; len += sizeof(u32)) {
		h = first - len;
		if (h->magic == BTF_MAGIC && h->version == BTF_VERSION &&
		    h->hdr_len + h->type_off == len)
			return h;
	}
	return NULL;
}

/* Name of a function in the kernel's BTF, or NULL. */
static const char *vmlinux_func(const struct btf *btf, u32 id)
{
	const struct btf_header *h = vmlinux_header(btf);
	const struct btf_type *t = btf_type_by_id(btf, id);

	if (!h || !t || !btf_type_is_func(t) || t->name_off >= h->str_len)
		return NULL;
	return (const void *)h + h->hdr_len + h->str_off + t->name_off;
}

static bool kfunc_allowed(const char *name)
{
	size_t len = strlen(name), i;

	if (len > 5 && !strcmp(name + len - 5, "_impl"))
		len -= 5;
	for (i = 0; i < ARRAY_SIZE(kfuncs); i++)
		if (!strncmp(kfuncs[i], name, len) && !kfuncs[i][len])
			return true;
	return false;
}

static bool is_kfunc_call(const struct bpf_insn *insn)
{
	return insn->code == (BPF_JMP | BPF_CALL) &&
	       insn->src_reg == BPF_PSEUDO_KFUNC_CALL;
}

/**
 * chr_ext_check_calls() - check the kfuncs that a program calls
 * @prog: the program, as it was loaded
 *
 * An offset in the call stands for the BTF of a module. Which one cannot be seen
 * here, but a call that is not to one of our kfuncs by its number is another's.
 * Which of ours an op may call is decided in kfuncs.c.
 *
 * Return: 0, or -EACCES with the reason in the kernel log.
 */
int chr_ext_check_calls(const struct bpf_prog *prog)
{
	const struct btf *btf = prog->aux->attach_btf;
	const struct bpf_insn *insn;
	const char *name;

	for (insn = prog->insnsi; insn < prog->insnsi + prog->len; insn++) {
		if (!is_kfunc_call(insn))
			continue;
		if (insn->off) {
			if (!chr_ext_kfunc_is_ours(prog, insn->imm))
				return chr_ext_refuse(EACCES, NULL,
						      prog->aux->name,
						      "a driver may not call kfuncs of other modules");
			continue;
		}
		name = vmlinux_func(btf, insn->imm);
		if (!name || !kfunc_allowed(name))
			return chr_ext_refuse(EACCES, NULL, prog->aux->name,
					      "a driver may not call the kfunc %s",
					      name ?: "of this number");
	}
	return 0;
}
