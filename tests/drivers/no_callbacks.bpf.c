// SPDX-License-Identifier: GPL-2.0-only
/* A driver that does nothing of its own: all ops may be left out. */
#include <chr_ext/chr_ext.bpf.h>

CHR_EXT_DRIVER(no_callbacks, .mode = 0666);
