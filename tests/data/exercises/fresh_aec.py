"""Bytes of integers packed and unpacked with several options, and errors, by libaec."""

import imagecodecs
import numpy

rng = numpy.random.RandomState(0)
for kind in ("u1", "u2", "u4", "i2", "i4"):
    x = (numpy.cumsum(rng.randint(-3, 4, 4000)) + 100).astype(kind).reshape(50, 80)
    bits = x.dtype.itemsize * 8
    for options in ({}, {"blocksize": 16, "rsi": 64}, {"blocksize": 8, "rsi": 128}):
        for flags in (None, imagecodecs.AEC.FLAG.DATA_PREPROCESS):
            packed = imagecodecs.aec_encode(x, bitspersample=bits, flags=flags, **options)
            out = numpy.empty_like(x)
            back = imagecodecs.aec_decode(
                packed, bitspersample=bits, flags=flags, out=out, **options
            )
            print(kind, options, flags, len(packed) < x.nbytes, bool((back == x).all()))
data = bytes(range(256)) * 40
packed = imagecodecs.aec_encode(data)
print(imagecodecs.aec_decode(packed, out=len(data)) == data)
noise = rng.bytes(5000)
print(imagecodecs.aec_decode(imagecodecs.aec_encode(noise), out=5000) == noise)
for bad in (
    lambda: imagecodecs.aec_encode(data, bitspersample=99),
    lambda: imagecodecs.aec_encode(data, blocksize=7),
    lambda: imagecodecs.aec_decode(packed, out=len(data), rsi=99999),
    lambda: len(imagecodecs.aec_decode(packed[:20], out=len(data))) <= len(data),
):
    try:
        print(bad())
    except Exception as e:
        print(type(e).__name__)
