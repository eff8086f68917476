// SPDX-License-Identifier: GPL-2.0-only
/*
 * @NAME@: an LED, or anything else on a GPIO line that is an output. A write of
 * "1" or "0" turns it on or off, a read returns its state.
 *
 * The line is "led" of a device tree node that is compatible with "@COMPATIBLE@",
 * or of a board: chrext board add b1 @COMPATIBLE@ led=CHIP:LINE
 */
#include <chr_ext/gpio.bpf.h>

struct state {
	__s32 led;
};

static struct state *state_of(struct chr_ext_dev *dev)
{
	return (void *)chr_ext_dev_data(dev, sizeof(struct state));
}

/* For each device that appears: its node comes when this returns 0. */
SEC("struct_ops.s/probe")
int BPF_PROG(@IDENT@_probe, struct chr_ext_dev *dev)
{
	struct state *s = state_of(dev);

	if (!s)
		return -EINVAL;
	s->led = chr_ext_gpio_get(dev, "led", CHR_EXT_GPIO_OUT_LOW);
	return s->led < 0 ? s->led : 0;
}

SEC("struct_ops.s/read")
long BPF_PROG(@IDENT@_read, struct chr_ext_file *file, struct chr_ext_io *io)
{
	struct state *s = state_of(file->dev);
	char text[2] = "0\n";
	int value;

	if (!s || io->pos)
		return 0;
	value = chr_ext_gpio_get_value_cansleep(file->dev, s->led, 0, 0);
	if (value < 0)
		return value;
	text[0] += value;
	return chr_ext_io_put(io, 0, text, sizeof(text));
}

SEC("struct_ops.s/write")
long BPF_PROG(@IDENT@_write, struct chr_ext_file *file, struct chr_ext_io *io)
{
	struct state *s = state_of(file->dev);
	char c = 0;
	int err;

	if (!s || chr_ext_io_get(io, 0, &c, 1) != 1 || (c != '0' && c != '1'))
		return -EINVAL;
	err = chr_ext_gpio_set_value_cansleep(file->dev, s->led, 0, c == '1', 0);
	return err ? err : io->len;
}

CHR_EXT_DRIVER(@IDENT@,@NAMED@
	.probe = (void *)@IDENT@_probe,
	.read = (void *)@IDENT@_read,
	.write = (void *)@IDENT@_write,
	.compatible = "@COMPATIBLE@",
	.mode = 0660,
	.flags = CHR_EXT_SEEKABLE,
	.dev_size = sizeof(struct state),
);
