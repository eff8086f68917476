// SPDX-License-Identifier: GPL-2.0-only
/* Refused: a request to an input device, which can be a process that never replies. */
#include <chr_ext/chr_ext.bpf.h>

struct hid_bpf_ctx {
};

extern struct hid_bpf_ctx *hid_bpf_allocate_context(unsigned int hid_id) __ksym;
extern void hid_bpf_release_context(struct hid_bpf_ctx *hid) __ksym;

SEC("struct_ops.s/read")
long BPF_PROG(hid_read, struct chr_ext_file *file, struct chr_ext_io *io)
{
	struct hid_bpf_ctx *hid = hid_bpf_allocate_context(1);

	if (hid)
		hid_bpf_release_context(hid);
	return 0;
}

CHR_EXT_DRIVER(hid, .read = (void *)hid_read);
