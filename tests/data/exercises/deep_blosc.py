"""Codecs, filters, threads, parts and errors of Blosc 1 with its own lz4 and zstd."""

import blosc
import numpy

x = numpy.arange(200000, dtype="i8") // 7
data = x.tobytes()
for codec in blosc.compressor_list():
    for shuffle in (blosc.NOSHUFFLE, blosc.SHUFFLE, blosc.BITSHUFFLE):
        for level in (0, 1, 5, 9):
            packed = blosc.compress(data, 8, level, shuffle, codec)
            print(codec, shuffle, level, blosc.decompress(packed) == data, blosc.get_clib(packed))
            print(blosc.get_cbuffer_sizes(packed)[0], len(packed) < len(data) or level == 0)
for threads in (1, 2, 4):
    blosc.set_nthreads(threads)
    for release in (True, False):
        blosc.set_releasegil(release)
        packed = blosc.compress(data, 8, 5, blosc.SHUFFLE, "zstd")
        print(threads, release, blosc.decompress(packed) == data)
blosc.set_blocksize(4096)
print(blosc.unpack_array(blosc.pack_array(x, cname="lz4hc")).sum(), blosc.set_blocksize(0))
for bad in (b"", b"x" * 20, packed[:-9], packed[:30]):
    try:
        print(len(blosc.decompress(bad)))
    except Exception as e:
        print(type(e).__name__)
blosc.free_resources()
