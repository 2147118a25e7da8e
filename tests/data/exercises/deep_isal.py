"""Streams, flushes, checksums, threads and errors of ISA-L by the modules of isal."""

import gzip
import io
import zlib

from isal import igzip, igzip_threaded, isal_zlib

data = b"".join(b"line %d of something\n" % (n * n) for n in range(20000))
for level in (0, 1, 2, 3):
    for wbits in (15, -15, 31):
        packed = isal_zlib.compress(data, level, wbits)
        print(level, wbits, zlib.decompress(packed, wbits) == data)
        print(isal_zlib.decompress(zlib.compress(data, 6, wbits), wbits) == data)
    c = isal_zlib.compressobj(level)
    parts = [c.compress(data[i : i + 5000]) for i in range(0, len(data), 5000)]
    parts += [c.flush(isal_zlib.Z_SYNC_FLUSH), c.flush()]
    d = isal_zlib.decompressobj()
    out = b"".join(d.decompress(p, 1000) + d.decompress(d.unconsumed_tail) for p in parts)
    print(out + d.flush() == data, d.eof, d.unused_data)
print(isal_zlib.crc32(data), isal_zlib.adler32(data), isal_zlib.crc32(data, 5))
print(isal_zlib.crc32_combine(1, 2, 300) if hasattr(isal_zlib, "crc32_combine") else 0)
print(igzip.decompress(gzip.compress(data)) == data, gzip.decompress(igzip.compress(data)) == data)
c = isal_zlib.compressobj(2, zdict=data[:2000])
packed = c.compress(data[:4000]) + c.flush()
print(isal_zlib.decompressobj(zdict=data[:2000]).decompress(packed) == data[:4000])
memory = io.BytesIO()
with igzip_threaded.open(memory, "wb", threads=2) as f:
    f.write(data)
print(gzip.decompress(memory.getvalue()) == data)
for bad in (b"", b"nothing", zlib.compress(data)[:-3], gzip.compress(data)):
    try:
        print(len(isal_zlib.decompress(bad)))
    except isal_zlib.error as e:
        print(type(e).__name__)
