/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The GPIO kfuncs, for drivers that move pins. Their manual is the kernel-doc
 * in kfuncs/ and Documentation/abi.md. A module for a kernel without GPIOLIB
 * has none of them, and such a driver is refused there.
 */
#ifndef CHR_EXT_GPIO_BPF_H
#define CHR_EXT_GPIO_BPF_H

#include <chr_ext/chr_ext.bpf.h>

#ifndef EPROBE_DEFER
#define EPROBE_DEFER	517
#endif

extern __s32 chr_ext_gpio_get(struct chr_ext_dev *dev,
			      const char *con_id__str, __u32 flags) __ksym;
extern int chr_ext_gpio_count(struct chr_ext_dev *dev, __s32 handle,
			      __u32 flags) __ksym;
extern int chr_ext_gpio_can_sleep(struct chr_ext_dev *dev,
				  __s32 handle) __ksym;
extern int chr_ext_gpio_direction_input(struct chr_ext_dev *dev, __s32 handle,
					__u32 index, __u32 flags) __ksym;
extern int chr_ext_gpio_direction_output(struct chr_ext_dev *dev, __s32 handle,
					 __u32 index, int value,
					 __u32 flags) __ksym;
extern int chr_ext_gpio_get_direction(struct chr_ext_dev *dev, __s32 handle,
				      __u32 index, __u32 flags) __ksym;
extern int chr_ext_gpio_set_config(struct chr_ext_dev *dev, __s32 handle,
				   __u32 index, __u32 param,
				   __u32 arg) __ksym;
extern int chr_ext_gpio_get_value(struct chr_ext_dev *dev, __s32 handle,
				  __u32 index, __u32 flags) __ksym;
extern int chr_ext_gpio_get_value_cansleep(struct chr_ext_dev *dev,
					   __s32 handle, __u32 index,
					   __u32 flags) __ksym;
extern int chr_ext_gpio_set_value(struct chr_ext_dev *dev, __s32 handle,
				  __u32 index, int value, __u32 flags) __ksym;
extern int chr_ext_gpio_set_value_cansleep(struct chr_ext_dev *dev,
					   __s32 handle, __u32 index,
					   int value, __u32 flags) __ksym;
extern int chr_ext_gpio_get_bits(struct chr_ext_dev *dev, __s32 handle,
				 __u64 mask, __u64 *bits, __u32 flags) __ksym;
extern int chr_ext_gpio_get_bits_cansleep(struct chr_ext_dev *dev,
					  __s32 handle, __u64 mask,
					  __u64 *bits, __u32 flags) __ksym;
extern int chr_ext_gpio_set_bits(struct chr_ext_dev *dev, __s32 handle,
				 __u64 mask, __u64 bits, __u32 flags) __ksym;
extern int chr_ext_gpio_set_bits_cansleep(struct chr_ext_dev *dev,
					  __s32 handle, __u64 mask,
					  __u64 bits, __u32 flags) __ksym;
extern int chr_ext_gpio_listen(struct chr_ext_dev *dev, __s32 handle,
			       __u32 index, __u32 edges,
			       __u32 flags) __ksym;
extern int chr_ext_gpio_play(struct chr_ext_dev *dev, __s32 handle,
			     const void *steps, __u32 steps__sz,
			     __u64 flags) __ksym;
extern int chr_ext_gpio_stop(struct chr_ext_dev *dev, __s32 handle,
			     __u32 flags) __ksym;
extern int chr_ext_gpio_played(struct chr_ext_dev *dev, __s32 handle,
			       void *to, __u32 to__sz, __u32 flags) __ksym;

/* chr_ext_gpio_play() of steps that have the size of this header's. */
#define chr_ext_gpio_play_steps(dev, handle, steps, size, flags)	\
	chr_ext_gpio_play(dev, handle, steps, size,			\
			  (flags) | CHR_EXT_PLAY_STEP_SIZE(sizeof(*(steps))))

#endif /* CHR_EXT_GPIO_BPF_H */
