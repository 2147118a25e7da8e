"""Every codec and filter of blosc2, arrays, frames, schunks and errors."""

import blosc2
import numpy as np

data = np.arange(200_000, dtype=np.int64) ** 2 % 9973
for codec in (
    blosc2.Codec.BLOSCLZ,
    blosc2.Codec.LZ4,
    blosc2.Codec.LZ4HC,
    blosc2.Codec.ZLIB,
    blosc2.Codec.ZSTD,
):
    for level in (1, 5, 9):
        packed = blosc2.compress2(data, codec=codec, clevel=level)
        print(
            codec.name,
            level,
            len(packed) < data.nbytes,
            blosc2.decompress2(packed) == data.tobytes(),
        )
for codec in (blosc2.Codec.ZSTD, blosc2.Codec.LZ4):
    array = blosc2.asarray(
        data.reshape(400, 500),
        cparams={
            "codec": codec,
            "clevel": 9,
            "use_dict": codec == blosc2.Codec.ZSTD,
            "nthreads": 2,
        },
    )
    print(codec.name, (array[:] == data.reshape(400, 500)).all(), array[17:19, 3:5].tolist())
chunks = blosc2.SChunk(
    chunksize=80_000, data=data, cparams={"codec": blosc2.Codec.ZSTD, "typesize": 8}
)
print(chunks.nchunks, np.frombuffer(chunks[1000:1003], dtype=np.int64).tolist())
again = blosc2.schunk_from_cframe(chunks.to_cframe())
print(np.array_equal(np.frombuffer(again[:], dtype=np.int64), data))
print(blosc2.unpack_array2(blosc2.pack_array2(data[:1000])).sum())
try:
    blosc2.decompress2(b"nonsense" * 10)
except Exception as e:
    print(type(e).__name__)
