// SPDX-License-Identifier: GPL-2.0-only
/* Refused: a function without SEC() is a subprogram. */
#include <chr_ext/chr_ext.bpf.h>

long BPF_PROG(wrong_read, struct chr_ext_file *file, struct chr_ext_io *io)
{
	return 0;
}

CHR_EXT_DRIVER(no_section, .read = (void *)wrong_read);
