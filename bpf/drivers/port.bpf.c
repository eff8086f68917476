// SPDX-License-Identifier: GPL-2.0-only
/*
 * bpf_port: GPIO lines, one by one with characters, in the protocol of Linux's
 * nsc_gpio drivers, or all at once as bits.
 *
 * The lines are those of "port": port-gpios in a device tree node compatible
 * with "chr-ext,port", or the directory port of a board. The file's position is
 * the number of a line, from 0.
 *
 * A read returns '0' or '1' for each line from the position on, then end of
 * file. A write executes each character on the line at the position. As the
 * position moves with each write, use pwrite(2):
 *	0 1	set it low, high
 *	O o	make it an output, an input
 *	T t	drive it push-pull, open drain
 *	P p	pull it up, do not
 *	v	log its direction and value
 * A newline is ignored. Any other character fails with EINVAL after the rest
 * has been executed. What the controller does not support fails with
 * EOPNOTSUPP, setting an input with EPERM.
 *
 * With pattern=1 a file is the whole port instead. A write of as many bytes as
 * the lines need, lowest first, sets them with one call of the controller; a
 * longer write has several patterns, set one after the other, and an incomplete
 * pattern fails with EINVAL. A read returns the pattern once. The ioctl
 * PORT_PATTERN turns this on or off for an open file.
 *
 * Set at load: direction, the initial setting of the lines (0 unchanged, 1
 * inputs, 2 outputs low, 3 outputs high), pattern, and the number of ports:
 *	chrext load port.bpf.o --set direction=2 --set instances=4
 */
#include <chr_ext/gpio.bpf.h>

#define PORT_PATTERN	_IO('p', 0)	/* argument: 0 or 1 */

__u32 direction;
bool pattern;

struct port {
	__s32 lines;
	__u32 count;
	__u32 bytes;	/* of a pattern */
	__u32 unused;
	__u64 mask;
};

struct mode {
	bool pattern;
};

static struct port *port_of(struct chr_ext_dev *dev)
{
	return (void *)chr_ext_dev_data(dev, sizeof(struct port));
}

static bool is_pattern(struct chr_ext_file *file)
{
	struct mode *m = (void *)chr_ext_file_data(file, sizeof(*m));

	return m && m->pattern;
}

SEC("struct_ops.s/probe")
int BPF_PROG(port_probe, struct chr_ext_dev *dev)
{
	struct port *p = port_of(dev);

	if (!p)
		return -EINVAL;
	p->lines = chr_ext_gpio_get(dev, "port", direction);
	if (p->lines < 0)
		return p->lines;
	p->count = chr_ext_gpio_count(dev, p->lines, 0);
	p->bytes = (p->count + 7) / 8;
	p->mask = ~0ULL >> (64 - p->count);
	return 0;
}

SEC("struct_ops/open")
int BPF_PROG(port_open, struct chr_ext_file *file)
{
	struct mode *m = (void *)chr_ext_file_data(file, sizeof(*m));

	if (m)
		m->pattern = pattern;
	return 0;
}

static void view(struct chr_ext_dev *dev, struct port *p, __u32 line)
{
	int in = chr_ext_gpio_get_direction(dev, p->lines, line, 0);
	int value = chr_ext_gpio_get_value_cansleep(dev, p->lines, line, 0);

	chr_ext_msg(dev, CHR_EXT_INFO, "line %d: %s, %d", line,
		    in ? "input" : "output", value);
}

static int command(struct chr_ext_dev *dev, struct port *p, __u32 line, char c)
{
	switch (c) {
	case '0':
	case '1':
		return chr_ext_gpio_set_value_cansleep(dev, p->lines, line,
						       c == '1', 0);
	case 'O':
		return chr_ext_gpio_direction_output(dev, p->lines, line,
				chr_ext_gpio_get_value_cansleep(dev, p->lines,
								line, 0) > 0, 0);
	case 'o':
		return chr_ext_gpio_direction_input(dev, p->lines, line, 0);
	case 'T':
		return chr_ext_gpio_set_config(dev, p->lines, line,
					       CHR_EXT_GPIO_PUSH_PULL, 0);
	case 't':
		return chr_ext_gpio_set_config(dev, p->lines, line,
					       CHR_EXT_GPIO_OPEN_DRAIN, 0);
	case 'P':
		return chr_ext_gpio_set_config(dev, p->lines, line,
					       CHR_EXT_GPIO_PULL_UP, 0);
	case 'p':
		return chr_ext_gpio_set_config(dev, p->lines, line,
					       CHR_EXT_GPIO_BIAS_DISABLE, 0);
	case 'v':
		view(dev, p, line);
		return 0;
	case '\n':
		return 0;
	}
	return -EINVAL;
}

static long write_commands(struct port *p, struct chr_ext_io *io)
{
	struct chr_ext_dev *dev = io->file->dev;
	int i, err, ret = 0;
	char c;

	if (io->pos >= p->count)
		return -ENXIO;
	bpf_for(i, 0, io->len) {
		if (chr_ext_io_get(io, i, &c, 1) != 1)
			break;
		err = command(dev, p, io->pos, c);
		ret = ret ?: err;
	}
	return ret ?: io->len;
}

static long write_patterns(struct port *p, struct chr_ext_io *io)
{
	struct chr_ext_dev *dev = io->file->dev;
	__u32 size = p->bytes;
	__u64 bits;
	int i, err;

	if (!size || size > 8 || io->len % size)
		return -EINVAL;
	bpf_for(i, 0, io->len / size) {
		bits = 0;
		chr_ext_io_get(io, i * size, &bits, size);
		err = chr_ext_gpio_set_bits_cansleep(dev, p->lines, p->mask,
						     bits & p->mask, 0);
		if (err)
			return i ? i * size : err;
	}
	return io->len;
}

SEC("struct_ops.s/write")
long BPF_PROG(port_write, struct chr_ext_file *file, struct chr_ext_io *io)
{
	struct port *p = port_of(file->dev);

	if (!p)
		return -EIO;
	return is_pattern(file) ? write_patterns(p, io) :
				  write_commands(p, io);
}

SEC("struct_ops.s/read")
long BPF_PROG(port_read, struct chr_ext_file *file, struct chr_ext_io *io)
{
	struct port *p = port_of(file->dev);
	__u32 i, n, size;
	__u64 bits;
	char c;
	int err;

	if (!p)
		return -EIO;
	err = chr_ext_gpio_get_bits_cansleep(file->dev, p->lines, p->mask,
					     &bits, 0);
	if (err)
		return err;
	if (is_pattern(file)) {
		size = p->bytes;
		if (size > 8 || io->len < size)
			return -EINVAL;
		chr_ext_io_put(io, 0, &bits, size);
		return size;
	}

	if (io->pos >= p->count)
		return 0;
	n = p->count - io->pos;
	if (n > io->len)
		n = io->len;
	bpf_for(i, 0, n) {
		c = '0' + (bits >> (io->pos + i) & 1);
		chr_ext_io_put(io, i, &c, 1);
	}
	return n;
}

SEC("struct_ops/ioctl")
long BPF_PROG(port_ioctl, struct chr_ext_file *file, __u32 cmd,
	      struct chr_ext_io *io)
{
	struct mode *m = (void *)chr_ext_file_data(file, sizeof(*m));

	if (cmd != PORT_PATTERN)
		return -ENOTTY;
	if (!m || io->arg > 1)
		return -EINVAL;
	m->pattern = io->arg;
	return 0;
}

CHR_EXT_DRIVER(bpf_port,
	.probe = (void *)port_probe,
	.open = (void *)port_open,
	.read = (void *)port_read,
	.write = (void *)port_write,
	.ioctl = (void *)port_ioctl,
	.compatible = "chr-ext,port",
	.flags = CHR_EXT_SEEKABLE,
	.mode = 0660,
	.instances = 1,
	.dev_size = sizeof(struct port),
	.file_size = sizeof(struct mode));
