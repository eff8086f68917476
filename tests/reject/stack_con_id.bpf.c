// SPDX-License-Identifier: GPL-2.0-only
/* Refused: a con_id that the program puts together. */
#include <chr_ext/gpio.bpf.h>

SEC("struct_ops.s/probe")
int BPF_PROG(wrong_probe, struct chr_ext_dev *dev)
{
	char con_id[] = "led0";

	con_id[3] += dev->index;
	return chr_ext_gpio_get(dev, con_id, CHR_EXT_GPIO_IN);
}

CHR_EXT_DRIVER(stack_con_id, .compatible = "chr-ext,none",
	       .probe = (void *)wrong_probe);
