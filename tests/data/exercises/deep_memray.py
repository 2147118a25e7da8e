"""Allocations traced with native stacks, read again, statistics, threads and errors of memray."""

import mmap
import os
import tempfile
import threading

import memray

d = tempfile.mkdtemp()
for native in (False, True):
    for compress in (True, False):
        path = os.path.join(d, f"{native}{compress}.bin")
        kept = []

        def work():
            for n in range(40):
                kept.append(bytes(70000 + n))

        with memray.Tracker(
            destination=memray.FileDestination(path, compress_on_exit=compress),
            native_traces=native,
            follow_fork=False,
        ):
            thread = threading.Thread(target=work)
            thread.start()
            thread.join()
            work()
            m = mmap.mmap(-1, 1 << 20)
            m.close()
        reader = memray.FileReader(path)
        records = [r for r in reader.get_allocation_records() if 70000 < r.size < 71000]
        print(
            native,
            compress,
            len(records) >= 80,
            reader.metadata.has_native_traces,
            reader.metadata.total_allocations > 80,
            {memray.AllocatorType(r.allocator).name for r in records},
        )
        big = [
            r
            for r in reader.get_high_watermark_allocation_records(merge_threads=True)
            if r.size > 70000
        ]
        print(
            sum(r.n_allocations for r in big) >= 80,
            any("work" in f[0] for r in big for f in r.stack_trace()),
        )
        if native:
            frames = [
                f
                for r in big
                for f in (
                    r.native_stack_trace()
                    if hasattr(r, "native_stack_trace")
                    else r.hybrid_stack_trace()
                )
            ]
            print(
                len(frames) > 5,
                any("work" in str(f[0]) for f in frames),
                any(str(f[0]).startswith(("Py", "_Py")) for f in frames),
            )
        leaks = list(reader.get_leaked_allocation_records(merge_threads=False))
        print(
            len(leaks) > 0,
            len(list(reader.get_memory_snapshots())) >= 0,
            len(list(reader.get_temporary_allocation_records(threshold=1))) >= 0,
        )
        print(os.path.getsize(path) > 1000, reader.closed if hasattr(reader, "closed") else "")
for bad in (
    lambda: memray.FileReader("/nowhere"),
    lambda: memray.FileReader(__file__),
    lambda: memray.Tracker(path),
):
    try:
        print(bad() is None)
    except Exception as e:
        print(type(e).__name__)
open(path, "r+b").truncate(300)
try:
    print(len(list(memray.FileReader(path).get_allocation_records())) >= 0)
except Exception as e:
    print(type(e).__name__)
