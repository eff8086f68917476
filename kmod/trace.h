/* SPDX-License-Identifier: GPL-2.0-only */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM chr_ext

#if !defined(CHR_EXT_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define CHR_EXT_TRACE_H

#include <linux/timekeeping.h>
#include <linux/tracepoint.h>

#include "file.h"

/*
 * len: bytes asked for. ret: what the caller gets. ns: how long it took; 0
 * when tracing was switched on in between.
 */
DECLARE_EVENT_CLASS(chr_ext_call,
	TP_PROTO(const struct chr_ext_open *f, size_t len, long ret, u64 start),
	TP_ARGS(f, len, ret, start),
	TP_STRUCT__entry(
		__string(dev, dev_name(&f->dev->dev))
		__field(u64, file)
		__field(size_t, len)
		__field(long, ret)
		__field(u64, ns)
	),
	TP_fast_assign(
		__assign_str(dev);
		__entry->file = f->pub.id;
		__entry->len = len;
		__entry->ret = ret;
		__entry->ns = start ? ktime_get_ns() - start : 0;
	),
	TP_printk("%s file=%llu len=%zu ret=%ld ns=%llu", __get_str(dev),
		  __entry->file, __entry->len, __entry->ret, __entry->ns)
);

#define CHR_EXT_CALL_EVENT(name)					\
DEFINE_EVENT(chr_ext_call, name,					\
	TP_PROTO(const struct chr_ext_open *f, size_t len, long ret, u64 start), \
	TP_ARGS(f, len, ret, start))

CHR_EXT_CALL_EVENT(chr_ext_open);
CHR_EXT_CALL_EVENT(chr_ext_close);
CHR_EXT_CALL_EVENT(chr_ext_read);
CHR_EXT_CALL_EVENT(chr_ext_write);

#endif

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
