/* SPDX-License-Identifier: GPL-2.0-only */
/* The log of a driver. */
#ifndef CHR_EXT_LOG_H
#define CHR_EXT_LOG_H

#include <linux/printk.h>
#include <linux/types.h>

#include <chr_ext/abi.h>

struct chr_ext_log;

void chr_ext_log_init(void);
void chr_ext_log_exit(void);
struct chr_ext_log *chr_ext_log_get(const char *name);
void chr_ext_log_put(struct chr_ext_log *log);
void chr_ext_log_write(struct chr_ext_log *log, unsigned int level,
		       const char *dev, const char *text, size_t len);
__printf(3, 4)
void chr_ext_log_note(struct chr_ext_log *log, unsigned int level,
		      const char *fmt, ...);

__printf(4, 5)
int chr_ext_refuse(int err, struct chr_ext_log *log, const char *name,
		   const char *fmt, ...);

#endif
