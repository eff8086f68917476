// SPDX-License-Identifier: GPL-2.0-only
/* Refused: a key may be under construction, by a program of the caller's. */
#include <chr_ext/chr_ext.bpf.h>

struct bpf_key {
};

extern struct bpf_key *bpf_lookup_user_key(__s32 serial, __u64 flags) __ksym;
extern void bpf_key_put(struct bpf_key *key) __ksym;

SEC("struct_ops.s/read")
long BPF_PROG(key_read, struct chr_ext_file *file, struct chr_ext_io *io)
{
	struct bpf_key *key = bpf_lookup_user_key(-3, 0);

	if (key)
		bpf_key_put(key);
	return 0;
}

CHR_EXT_DRIVER(user_key, .read = (void *)key_read);
