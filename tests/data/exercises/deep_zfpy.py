"""Rates, precisions, tolerances, types, dimensions, headers and errors of zfp."""

import numpy
import zfpy

for kind in ("f4", "f8", "i4", "i8"):
    for shape in ((1000,), (40, 50), (16, 17, 18), (5, 6, 7, 8)):
        n = int(numpy.prod(shape))
        x = (numpy.sin(numpy.arange(n) * 0.01) * 1000).astype(kind).reshape(shape)
        for options in ({"tolerance": 0.01}, {"rate": 12}, {"precision": 20}, {}):
            if kind[0] == "i" and "tolerance" in options:
                continue
            packed = zfpy.compress_numpy(x, **options)
            y = zfpy.decompress_numpy(packed)
            error = float(abs(y.astype("f8") - x.astype("f8")).max())
            print(kind, shape, options, len(packed), y.shape, y.dtype, round(error, 4))
            raw = zfpy.compress_numpy(x, write_header=False, **options)
            if options:
                back = zfpy._decompress(raw, zfpy.dtype_to_ztype(x.dtype), shape, **options)
                print(len(raw) < len(packed), bool((back == y).all()))
        print(zfpy.header(packed) if hasattr(zfpy, "header") else "")
for bad in (
    lambda: zfpy.compress_numpy(x, tolerance=1, rate=2),
    lambda: zfpy.decompress_numpy(b"garbage" * 9),
    lambda: zfpy.compress_numpy(numpy.zeros(3, "c8")),
    lambda: zfpy.compress_numpy(numpy.zeros((2,) * 5)),
):
    try:
        print(bad())
    except Exception as e:
        print(type(e).__name__)
