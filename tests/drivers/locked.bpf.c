// SPDX-License-Identifier: GPL-2.0-only
/*
 * What needs types that are not the module's: a lock in a map, a loop without
 * a constant bound, a dynptr.
 */
#include <chr_ext/chr_ext.bpf.h>

struct sum {
	struct bpf_spin_lock lock;
	__u32 sum;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct sum);
} sums SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} ring SEC(".maps");

/* A write of n bytes adds 0 + ... + n - 1. */
SEC("struct_ops/write")
long BPF_PROG(locked_write, struct chr_ext_file *file, struct chr_ext_io *io)
{
	struct bpf_dynptr ptr;
	struct sum *s;
	__u32 zero = 0, sum = 0;
	int i, len = io->len;

	s = bpf_map_lookup_elem(&sums, &zero);
	if (!s)
		return -EIO;
	bpf_for(i, 0, len)
		sum += i;
	bpf_spin_lock(&s->lock);
	s->sum += sum;
	sum = s->sum;
	bpf_spin_unlock(&s->lock);
	bpf_ringbuf_reserve_dynptr(&ring, sizeof(sum), 0, &ptr);
	bpf_dynptr_write(&ptr, 0, &sum, sizeof(sum), 0);
	bpf_ringbuf_submit_dynptr(&ptr, 0);
	return len;
}

SEC("struct_ops/read")
long BPF_PROG(locked_read, struct chr_ext_file *file, struct chr_ext_io *io)
{
	struct sum *s;
	char line[16] = {};
	__u32 zero = 0;
	long len;

	s = bpf_map_lookup_elem(&sums, &zero);
	if (!s)
		return -EIO;
	len = BPF_SNPRINTF(line, sizeof(line), "%u", s->sum);
	return chr_ext_io_put(io, 0, line, (len - 1) & 15);
}

CHR_EXT_DRIVER(locked,
	.write = (void *)locked_write,
	.read = (void *)locked_read,
);
