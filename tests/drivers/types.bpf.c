// SPDX-License-Identifier: GPL-2.0-only
/* A global variable of each type, for --set; a read gives them all. */
#include <chr_ext/chr_ext.bpf.h>

struct {
	__s8 s8;
	__u8 u8;
	__s16 s16;
	__u16 u16;
	__s32 s32;
	__u32 u32;
	__s64 s64;
	__u64 u64;
} __attribute__((packed)) n;

bool flag;
const volatile __u32 constant = 1;
char text[8];
enum colour { RED, GREEN = 5 } colour;
__u16 list[3];

SEC("struct_ops/read")
long BPF_PROG(types_read, struct chr_ext_file *file, struct chr_ext_io *io)
{
	__u32 more[3] = { flag, constant, colour };
	int len = chr_ext_io_put(io, 0, &n, sizeof(n));

	len += chr_ext_io_put(io, len, more, sizeof(more));
	len += chr_ext_io_put(io, len, text, sizeof(text));
	return len + chr_ext_io_put(io, len, list, sizeof(list));
}

CHR_EXT_DRIVER(types, .read = (void *)types_read);
