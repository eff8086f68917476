// SPDX-License-Identifier: GPL-2.0-only
/* Has a work inside of a struct in its map, and no update op. */
#include <chr_ext/chr_ext.bpf.h>

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct {
		struct {
			struct bpf_wq work;
		} inner;
	});
} works SEC(".maps");

SEC("struct_ops/open")
int BPF_PROG(nested_open, struct chr_ext_file *file)
{
	__u32 key = 0;

	return bpf_map_lookup_elem(&works, &key) ? 0 : -ENXIO;
}

CHR_EXT_DRIVER(nested, .open = (void *)nested_open);
