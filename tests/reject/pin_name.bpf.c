// SPDX-License-Identifier: GPL-2.0-only
/* Refused: requests lines by a name built at run time. */
#include <chr_ext/gpio.bpf.h>

char name[8];

SEC("struct_ops.s/probe")
int BPF_PROG(name_probe, struct chr_ext_dev *dev)
{
	return chr_ext_gpio_get(dev, name, CHR_EXT_GPIO_IN);
}

CHR_EXT_DRIVER(pin_name, .probe = (void *)name_probe);
