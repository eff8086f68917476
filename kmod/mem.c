// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pages of a device that programs and users share: mmap(2).
 *
 * A page is put into a mapping when it is touched, inside the guard, so that a
 * revoke can drain the faults and then take all of them out again. A mapping
 * holds a reference to each page that it has: no address ever shows memory that
 * has become someone else's.
 */
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/vmalloc.h>

#include "file.h"

/**
 * chr_ext_mem_alloc() - get the pages of a device
 * @dev: the device, with pub.mem_size
 *
 * Return: 0 or -ENOMEM
 */
int chr_ext_mem_alloc(struct chr_ext_device *dev)
{
	if (!dev->pub.mem_size)
		return 0;

	/* The size is the author's; fail rather than kill for it. */
	dev->mem = __vmalloc(dev->pub.mem_size,
			     GFP_KERNEL_ACCOUNT | __GFP_ZERO | __GFP_NOWARN |
			     __GFP_RETRY_MAYFAIL);
	return dev->mem ? 0 : -ENOMEM;
}

/**
 * chr_ext_mem_revoke() - take the pages out of all mappings
 * @dev: a dead device whose guard has been drained
 *
 * Who touches a mapping from now on gets SIGBUS. Each mapping holds a file, so
 * the files that are open know all of them.
 */
void chr_ext_mem_revoke(struct chr_ext_device *dev)
{
	struct address_space *done = NULL;
	struct chr_ext_open *f;

	if (!dev->mem)
		return;

	/* Most often all of them came by the same node, and so share this. */
	guard(mutex)(&dev->lock);
	list_for_each_entry(f, &dev->files, node) {
		if (f->file->f_mapping == done)
			continue;
		done = f->file->f_mapping;
		unmap_mapping_range(done, 0, 0, true);
		cond_resched();
	}
}

static vm_fault_t mem_insert(struct chr_ext_device *dev, struct vm_fault *vmf)
{
	u64 offset = (u64)vmf->pgoff << PAGE_SHIFT;
	int err;

	if (offset >= dev->pub.mem_size)
		return VM_FAULT_SIGBUS;

	err = vm_insert_page(vmf->vma, vmf->address & PAGE_MASK,
			     vmalloc_to_page(dev->mem + offset));
	/* -EBUSY: another thread was faster. */
	if (!err || err == -EBUSY)
		return VM_FAULT_NOPAGE;
	return err == -ENOMEM ? VM_FAULT_OOM : VM_FAULT_SIGBUS;
}

static vm_fault_t mem_fault(struct vm_fault *vmf)
{
	struct chr_ext_open *f = vmf->vma->vm_file->private_data;
	struct chr_ext_device *dev = f->dev;
	vm_fault_t ret = VM_FAULT_SIGBUS;
	int idx;

	idx = srcu_read_lock(&dev->drv->srcu);
	if (!READ_ONCE(dev->dead))
		ret = mem_insert(dev, vmf);
	srcu_read_unlock(&dev->drv->srcu, idx);
	return ret;
}

static const struct vm_operations_struct mem_vm_ops = {
	.fault = mem_fault,
};

struct ask {
	struct chr_ext_map map;
	bool asked;
};

static long ask_mmap(struct chr_ext_open *f, const struct chr_ext_ops *ops,
		     void *arg)
{
	struct ask *ask = arg;

	if (!ops->mmap)
		return 0;
	ask->asked = true;
	return chr_ext_check_return(f->dev, "mmap",
				    ops->mmap(&f->pub, &ask->map), 0);
}

int chr_ext_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct chr_ext_open *f = file->private_data;
	struct ask ask = { .map = {
		.offset = (u64)vma->vm_pgoff << PAGE_SHIFT,
		.size = vma->vm_end - vma->vm_start,
		.prot = (vma->vm_flags & VM_READ ? PROT_READ : 0) |
			(vma->vm_flags & VM_WRITE ? PROT_WRITE : 0),
		.flags = vma->vm_flags & VM_MAYSHARE ? MAP_SHARED : MAP_PRIVATE,
	} };
	const u64 size = f->dev->drv->conf.mem_size;
	vm_flags_t never = VM_MAYEXEC;
	long err;

	if (READ_ONCE(f->dev->dead) || !size)
		return -ENODEV;
	if (vma->vm_pgoff > size >> PAGE_SHIFT ||
	    ask.map.size > size - ask.map.offset)
		return -EINVAL;
	if (vma->vm_flags & VM_EXEC)
		return -EACCES;

	/* The caller's memory is locked: only what may not wait can follow. */
	err = chr_ext_call_once(f, CHR_EXT_OP_mmap, false, ask_mmap, &ask);
	if (err)
		return err;

	/* The driver said yes to this, and not to what mprotect would make. */
	if (ask.asked && !(vma->vm_flags & VM_WRITE) &&
	    vma->vm_flags & VM_SHARED)
		never |= VM_MAYWRITE;
	vm_flags_mod(vma, VM_MIXEDMAP | VM_DONTEXPAND | VM_DONTDUMP, never);
	vma->vm_ops = &mem_vm_ops;
	return 0;
}
