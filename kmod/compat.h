/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Every difference between the kernels that are served stands here, each with
 * the release that ends it. The oldest kernel is 6.12.
 */
#ifndef CHR_EXT_COMPAT_H
#define CHR_EXT_COMPAT_H

#include <linux/btf.h>

/* The default, and no flag any more, in 7.x; goes when 6.12 does. */
#ifndef KF_TRUSTED_ARGS
#define KF_TRUSTED_ARGS 0
#endif

#endif
