"""The compressors, filters and checksums of numcodecs, alone and with bad input."""

import numpy as np
from numcodecs import (
    BZ2,
    CRC32,
    LZ4,
    LZMA,
    Adler32,
    Blosc,
    Delta,
    FixedScaleOffset,
    GZip,
    PackBits,
    Shuffle,
    Zlib,
    Zstd,
)

data = np.arange(100_000, dtype=np.int64) ** 2 % 9973
codecs = [Zstd(level) for level in (1, 3, 9, 19, 22)]
codecs += [Zstd(3, checksum=True), LZ4(1), LZ4(9), Zlib(6), GZip(6), BZ2(6), LZMA()]
codecs += [
    Blosc(cname=name, clevel=9, shuffle=s)
    for name in ("blosclz", "lz4", "lz4hc", "zlib", "zstd")
    for s in (0, 1, 2)
]
for codec in codecs:
    packed = codec.encode(data)
    print(codec, len(packed) < data.nbytes, bytes(codec.decode(packed)) == data.tobytes())
for codec in (
    Delta(dtype="i8"),
    Shuffle(8),
    Adler32(),
    CRC32(),
    FixedScaleOffset(offset=0, scale=1, dtype="i8"),
):
    print(codec, np.array_equal(np.frombuffer(codec.decode(codec.encode(data)), dtype="i8"), data))
flags = data % 2 == 0
print(np.array_equal(PackBits().decode(PackBits().encode(flags)), flags))
for codec in (Zstd(), LZ4(), Blosc(), Zlib()):
    try:
        codec.decode(b"nonsense" * 10)
    except Exception as e:
        print(type(codec).__name__, type(e).__name__)
