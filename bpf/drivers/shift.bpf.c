// SPDX-License-Identifier: GPL-2.0-only
/*
 * shift: outputs by a chain of shift registers with latches, 74HC595 and the
 * like.
 *
 * The lines are "data" (SER, the serial input of the first register), "clock"
 * (SRCLK) and "latch" (RCLK), one each: data-gpios, clock-gpios, latch-gpios in
 * a device tree node compatible with "chr-ext,shift", or the directories of a
 * board.
 *
 * A write of as many bytes as there are registers sets all outputs at the same
 * time: the first byte goes to the last register of the chain, bit 7 to QH and
 * bit 0 to QA. The file's position is ignored. A read returns what was latched
 * last, from the file's position on; before the first write it returns 0, as
 * the outputs are unknown.
 *
 * A write that fails because a line fails leaves the outputs unchanged. The
 * outputs stay when the driver goes.
 *
 * Set at load: registers, their number, to refuse writes of another size
 * (EINVAL; without it, 1 to 64 bytes are accepted), and lsb_first for a chain
 * in which bit 0 is QH:
 *	chrext load shift.bpf.o --set registers=4 --set lsb_first=true
 */
#include <chr_ext/gpio.bpf.h>

#define REGISTERS_MAX	64

__u32 registers;
bool lsb_first;

struct shift {
	__s32 data;
	__s32 clock;
	__s32 latch;
	__u32 len;			/* bytes that are latched */
	__u8 latched[REGISTERS_MAX];
};

static struct shift *shift_of(struct chr_ext_dev *dev)
{
	return (void *)chr_ext_dev_data(dev, sizeof(struct shift));
}

/* Inlined, because con_id must be a constant. */
static __always_inline __s32 get_line(struct chr_ext_dev *dev,
				      const char *con_id)
{
	__s32 handle = chr_ext_gpio_get(dev, con_id, CHR_EXT_GPIO_OUT_LOW);
	int n = chr_ext_gpio_count(dev, handle, 0);

	if (handle < 0 || n == 1)
		return handle;
	chr_ext_msg(dev, CHR_EXT_ERR, "%s has %d lines, not 1", con_id, n);
	return -EINVAL;
}

SEC("struct_ops.s/probe")
int BPF_PROG(shift_probe, struct chr_ext_dev *dev)
{
	struct shift *s = shift_of(dev);

	if (!s)
		return -EIO;
	if (registers > REGISTERS_MAX) {
		chr_ext_msg(dev, CHR_EXT_ERR, "registers is %d, more than %d",
			    registers, REGISTERS_MAX);
		return -EINVAL;
	}
	s->data = get_line(dev, "data");
	if (s->data < 0)
		return s->data;
	s->clock = get_line(dev, "clock");
	if (s->clock < 0)
		return s->clock;
	s->latch = get_line(dev, "latch");
	return s->latch < 0 ? s->latch : 0;
}

static int set(struct chr_ext_dev *dev, __s32 line, int value)
{
	return chr_ext_gpio_set_value_cansleep(dev, line, 0, value, 0);
}

/* Lower clock and latch first: the last write left them high. */
static int shift_out(struct chr_ext_dev *dev, struct shift *s,
		     struct chr_ext_io *io)
{
	int i, err = set(dev, s->latch, 0);
	__u8 byte;

	bpf_for(i, 0, io->len * 8) {
		if (err || chr_ext_io_get(io, i / 8, &byte, 1) != 1)
			return err;
		err = set(dev, s->clock, 0) ?:
		      set(dev, s->data, byte >> (lsb_first ? i % 8 : 7 - i % 8) & 1) ?:
		      set(dev, s->clock, 1);
	}
	return err ?: set(dev, s->latch, 1);
}

SEC("struct_ops.s/write")
long BPF_PROG(shift_write, struct chr_ext_file *file, struct chr_ext_io *io)
{
	struct shift *s = shift_of(file->dev);
	int err;

	if (!s)
		return -EIO;
	if (!io->len || io->len > REGISTERS_MAX ||
	    (registers && io->len != registers))
		return -EINVAL;
	err = shift_out(file->dev, s, io);
	if (err)
		return err;
	s->len = chr_ext_io_get_dev(io, 0, file->dev,
				    __builtin_offsetof(struct shift, latched),
				    io->len);
	return io->len;
}

SEC("struct_ops/read")
long BPF_PROG(shift_read, struct chr_ext_file *file, struct chr_ext_io *io)
{
	struct shift *s = shift_of(file->dev);

	if (!s)
		return -EIO;
	if (io->pos >= s->len)
		return 0;
	return chr_ext_io_put_dev(io, 0, file->dev,
				  __builtin_offsetof(struct shift, latched) + io->pos,
				  s->len - io->pos);
}

CHR_EXT_DRIVER(shift,
	.probe = (void *)shift_probe,
	.write = (void *)shift_write,
	.read = (void *)shift_read,
	.compatible = "chr-ext,shift",
	.flags = CHR_EXT_SEEKABLE | CHR_EXT_SERIAL_DEV,
	.mode = 0660,
	.dev_size = sizeof(struct shift),
);
