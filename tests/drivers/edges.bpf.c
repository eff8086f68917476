// SPDX-License-Identifier: GPL-2.0-only
/* Listens to one line of each of its con_ids and does nothing else with them. */
#include <chr_ext/gpio.bpf.h>

static int listen(struct chr_ext_dev *dev, __s32 handle, __u32 edges)
{
	return handle < 0 ? handle : chr_ext_gpio_listen(dev, handle, 0, edges, 0);
}

SEC("struct_ops.s/probe")
int BPF_PROG(edges_probe, struct chr_ext_dev *dev)
{
	int err;

	err = listen(dev, chr_ext_gpio_get(dev, "rising", CHR_EXT_GPIO_IN),
		     CHR_EXT_EDGE_RISING);
	if (!err)
		err = listen(dev, chr_ext_gpio_get(dev, "falling", CHR_EXT_GPIO_IN),
			     CHR_EXT_EDGE_FALLING);
	if (!err)
		err = listen(dev, chr_ext_gpio_get(dev, "both", CHR_EXT_GPIO_IN),
			     CHR_EXT_EDGE_BOTH);
	return err;
}

CHR_EXT_DRIVER(edges,
	.probe = (void *)edges_probe,
	.compatible = "chr-ext,edges",
	.mode = 0600,
);
