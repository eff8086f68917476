// SPDX-License-Identifier: GPL-2.0-only
/* Refused: a program of another struct_ops that calls one of our kfuncs. */
#include <chr_ext/chr_ext.bpf.h>

struct sock;

struct tcp_congestion_ops {
	__u32 (*ssthresh)(struct sock *sk);
	void (*cong_avoid)(struct sock *sk, __u32 ack, __u32 acked);
	__u32 (*undo_cwnd)(struct sock *sk);
	char name[16];
};

SEC("struct_ops/wrong_ssthresh")
__u32 BPF_PROG(wrong_ssthresh, struct sock *sk)
{
	char text[] = "hi";

	return chr_ext_log((void *)sk, CHR_EXT_INFO, text, sizeof(text));
}

SEC("struct_ops/wrong_avoid")
void BPF_PROG(wrong_avoid, struct sock *sk, __u32 ack, __u32 acked)
{
}

SEC("struct_ops/wrong_undo")
__u32 BPF_PROG(wrong_undo, struct sock *sk)
{
	return 2;
}

char _license[] SEC("license") = "GPL";

SEC(".struct_ops.link")
struct tcp_congestion_ops other_kind = {
	.ssthresh = (void *)wrong_ssthresh,
	.cong_avoid = (void *)wrong_avoid,
	.undo_cwnd = (void *)wrong_undo,
	.name = "other_kind",
};
