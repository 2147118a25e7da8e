"""Bit shuffling of types and block sizes with LZ4 and zstd, and errors."""

import bitshuffle
import numpy

for kind in ("u1", "i2", "f4", "f8", "i8"):
    x = (numpy.arange(50000) * 3 % 1000).astype(kind)
    for block in (0, 64, 1024, 8192):
        print(
            kind,
            block,
            bool((bitshuffle.bitunshuffle(bitshuffle.bitshuffle(x, block), block) == x).all()),
        )
        lz = bitshuffle.compress_lz4(x, block)
        print(
            lz.size < x.nbytes,
            bool((bitshuffle.decompress_lz4(lz, x.shape, x.dtype, block) == x).all()),
        )
        for level in (-5, 1, 9, 19):
            z = bitshuffle.compress_zstd(x, block, level)
            print(
                level,
                z.size < x.nbytes,
                bool((bitshuffle.decompress_zstd(z, x.shape, x.dtype, block) == x).all()),
            )
print(bitshuffle.using_SSE2() in (True, False), bitshuffle.__zstd__)
for bad in (lambda: bitshuffle.bitshuffle(x, 7), lambda: bitshuffle.compress_lz4(x, 3)):
    try:
        print(bad() is None)
    except Exception as e:
        print(type(e).__name__)
