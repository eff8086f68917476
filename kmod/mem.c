// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pages of a device that programs and users share: mmap(2).
 *
 * A page is inserted into a mapping when it is touched, inside the guard, so that
 * a revoke can drain the faults and then remove all pages again. A mapping holds
 * a reference to each of its pages: no address ever shows memory that has been
 * freed and used for something else.
 */
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/nospec.h>
#include <linux/vmalloc.h>

#include "file.h"

/**
 * chr_ext_mem_alloc() - allocate the pages of a device
 * @dev: the device, with pub.mem_size
 *
 * Return: 0 or -ENOMEM
 */
int chr_ext_mem_alloc(struct chr_ext_device *dev)
{
	if (!dev->pub.mem_size)
		return 0;

	/* The size is the author's: fail rather than call the OOM killer. */
	if (dev->pub.mem_size >> PAGE_SHIFT > (u64)max(si_mem_available(), 0L))
		return -ENOMEM;
	dev->mem = vmalloc_user(dev->pub.mem_size);
	return dev->mem ? 0 : -ENOMEM;
}

/**
 * chr_ext_mem_revoke() - remove the pages from all mappings
 * @dev: a dead device whose guard has been drained
 *
 * An access to a mapping raises SIGBUS from now on. Each mapping holds a file, so
 * the open files lead to all of them.
 */
void chr_ext_mem_revoke(struct chr_ext_device *dev)
{
	struct address_space *done = NULL;
	struct chr_ext_open *f;

	if (!dev->mem)
		return;

	/* Files opened by the same node share their address space. */
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
	unsigned long offset, size = dev->pub.mem_size;
	int err;

	if (vmf->pgoff >= size >> PAGE_SHIFT)
		return VM_FAULT_SIGBUS;
	offset = array_index_nospec(vmf->pgoff, size >> PAGE_SHIFT) << PAGE_SHIFT;

	err = vm_insert_page(vmf->vma, vmf->address & PAGE_MASK,
			     vmalloc_to_page(dev->mem + offset));
	/* -EBUSY: another thread has inserted it. */
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

struct mmap_call {
	struct chr_ext_map map;
	bool called;
};

static long call_mmap_op(struct chr_ext_open *f, const struct chr_ext_ops *ops,
			 void *arg)
{
	struct mmap_call *call = arg;

	if (!ops->mmap)
		return 0;
	call->called = true;
	return chr_ext_check_return(f->dev, "mmap",
				    ops->mmap(&f->pub, &call->map), 0);
}

int chr_ext_mmap(CHR_EXT_MMAP_ARGS)
{
	struct chr_ext_open *f = chr_ext_vma_file(vma)->private_data;
	vm_flags_t flags = chr_ext_vma_flags(vma);
	unsigned long pgoff = chr_ext_vma_pgoff(vma);
	struct mmap_call call = { .map = {
		.offset = (u64)pgoff << PAGE_SHIFT,
		.size = chr_ext_vma_size(vma),
		.prot = (flags & VM_READ ? PROT_READ : 0) |
			(flags & VM_WRITE ? PROT_WRITE : 0),
		.flags = flags & VM_MAYSHARE ? MAP_SHARED : MAP_PRIVATE,
	} };
	const u64 size = f->dev->drv->conf.mem_size;
	vm_flags_t never = VM_MAYEXEC;
	long err;

	if (READ_ONCE(f->dev->dead) || !size)
		return -ENODEV;
	if (pgoff > size >> PAGE_SHIFT ||
	    call.map.size > size - call.map.offset)
		return -EINVAL;
	if (flags & VM_EXEC)
		return -EACCES;

	/* The caller's memory is locked: nothing that waits may follow. */
	err = chr_ext_has_op(f, mmap);
	if (err > 0)
		err = chr_ext_call_once(f, CHR_EXT_OP_mmap, true, call_mmap_op, &call);
	if (err)
		return err;

	/* The driver agreed to this, not to a later mprotect(2). */
	if (call.called && !(flags & VM_WRITE) && flags & VM_SHARED)
		never |= VM_MAYWRITE;
	chr_ext_vma_set_flags(vma, (flags | VM_MIXEDMAP | VM_DONTEXPAND |
				    VM_DONTDUMP) & ~never);
	vma->vm_ops = &mem_vm_ops;
	return 0;
}
