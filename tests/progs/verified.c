// SPDX-License-Identifier: GPL-2.0-only
/* verified ID: how many instructions of a BPF program the verifier looked at. */
#include <bpf/bpf.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
	struct bpf_prog_info info = { };
	__u32 len = sizeof(info);
	int fd;

	if (argc != 2)
		return 2;
	fd = bpf_prog_get_fd_by_id(strtoul(argv[1], NULL, 10));
	if (fd < 0 || bpf_prog_get_info_by_fd(fd, &info, &len)) {
		perror(argv[1]);
		return 1;
	}
	printf("%u\n", info.verified_insns);
	return 0;
}
