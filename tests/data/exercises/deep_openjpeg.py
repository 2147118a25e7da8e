"""JPEG 2000 of depths, components, ratios, levels, parameters and damages by pylibjpeg-openjpeg."""

import io

import numpy
from openjpeg import utils as openjpeg

for bits, kind in ((8, "u1"), (12, "u2"), (16, "u2"), (8, "i1"), (15, "i2")):
    for shape in ((1, 1), (33, 47), (128, 200), (40, 50, 3)):
        n = int(numpy.prod(shape))
        if kind in ("i1", "i2") and len(shape) == 3:
            continue
        x = (numpy.arange(n) * 7 % 2 ** (bits - (kind[0] == "i"))).astype(kind).reshape(shape)
        for options in (
            {},
            {"compression_ratios": [5, 2]},
            {"signal_noise_ratios": [30, 50]},
            {"codec_format": 1},
            {"use_mct": False},
        ):
            try:
                data = openjpeg.encode_array(
                    x,
                    bits_stored=bits,
                    photometric_interpretation=1 if len(shape) == 3 else 2,
                    **options,
                )
                y = openjpeg.decode(data)
                p = openjpeg.get_parameters(io.BytesIO(data))
            except Exception as e:
                print(bits, kind, shape, options, type(e).__name__)
                continue
            exact = not any("ratios" in k for k in options)
            print(
                bits,
                kind,
                shape,
                options,
                y.shape,
                y.dtype,
                not exact or bool((y == x).all()),
                sorted((k, str(v)) for k, v in p.items()),
            )
            for reduce in (1, 2):
                try:
                    print(openjpeg.decode(data, reduce=reduce).shape)
                except Exception as e:
                    print(type(e).__name__)
for bad in (
    b"",
    b"garbage" * 20,
    bytes(data[:60]),
    bytes(data[:-20]),
    bytes(data[:40]) + b"\xff" * 60,
):
    for call in (openjpeg.decode, lambda d: openjpeg.get_parameters(io.BytesIO(d))):
        try:
            got = call(bad)
            print(got.shape if hasattr(got, "shape") else sorted(got))
        except Exception as e:
            print(type(e).__name__)
