// SPDX-License-Identifier: GPL-2.0-only
/* A BPF object that is no driver. */
#include <chr_ext/chr_ext.bpf.h>

char _license[] SEC("license") = "GPL";

SEC("socket")
int nothing(void *ctx)
{
	return 0;
}
