// SPDX-License-Identifier: GPL-2.0-only
/* Calls helpers and kfuncs of the kernel's that every driver may call. */
#include <chr_ext/chr_ext.bpf.h>

struct task_struct {
};

extern struct task_struct *bpf_task_from_pid(__s32 pid) __ksym;
extern void bpf_task_release(struct task_struct *task) __ksym;
extern void bpf_preempt_disable(void) __ksym;
extern void bpf_preempt_enable(void) __ksym;
extern void bpf_rcu_read_lock(void) __ksym;
extern void bpf_rcu_read_unlock(void) __ksym;

SEC("struct_ops/read")
long BPF_PROG(allowed_read, struct chr_ext_file *file, struct chr_ext_io *io)
{
	struct task_struct *task = bpf_task_from_pid(1);
	char answer[2] = "-\n";
	int i;

	if (task) {
		answer[0] = '1';
		bpf_task_release(task);
	}
	bpf_for(i, 0, 3)
		answer[0]++;
	bpf_preempt_disable();
	answer[0]++;
	bpf_preempt_enable();
	bpf_rcu_read_lock();
	if (bpf_ktime_get_ns() && bpf_get_current_pid_tgid())
		answer[0]++;
	bpf_rcu_read_unlock();
	return chr_ext_io_put(io, 0, answer, sizeof(answer));
}

CHR_EXT_DRIVER(allowed, .read = (void *)allowed_read);
