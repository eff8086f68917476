/* SPDX-License-Identifier: GPL-2.0-only */
/* A supplier: another device that a device cannot work without. */
#ifndef CHR_EXT_SUPPLIER_H
#define CHR_EXT_SUPPLIER_H

#include <linux/device.h>

struct chr_ext_device;

int chr_ext_supplier_init(void);
void chr_ext_supplier_exit(void);
int chr_ext_supplier_add(struct chr_ext_device *d, struct device *dev);
void chr_ext_supplier_lost(struct chr_ext_device *d);
struct device *chr_ext_supplier_leaving(struct chr_ext_device *d);
void chr_ext_suppliers_release(struct chr_ext_device *d);

#endif
