// SPDX-License-Identifier: GPL-2.0-only
/* How many BPF programs, maps and links there are. */
#include <linux/bpf.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

static int count(int cmd)
{
	union bpf_attr attr = { };
	int n;

	for (n = 0; !syscall(SYS_bpf, cmd, &attr, sizeof(attr)); n++)
		attr.start_id = attr.next_id;
	return n;
}

int main(void)
{
	printf("%d %d %d\n", count(BPF_PROG_GET_NEXT_ID),
	       count(BPF_MAP_GET_NEXT_ID), count(BPF_LINK_GET_NEXT_ID));
	return 0;
}
