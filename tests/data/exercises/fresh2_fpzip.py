"""Fields of floats of several shapes and precisions, and broken data, by fpzip."""

import fpzip
import numpy as np

r = np.random.default_rng(3)
for kind in ("f4", "f8"):
    for shape in ((50,), (7, 11), (5, 6, 7), (2, 3, 4, 5)):
        data = np.cumsum(r.normal(size=shape), 0).astype(kind)
        for order in ("C", "F"):
            for precision in (0, 16, 24, 48):
                try:
                    packed = fpzip.compress(
                        np.asarray(data, order=order), precision=precision, order=order
                    )
                    back = fpzip.decompress(packed, order=order)
                    print(
                        kind,
                        shape,
                        order,
                        precision,
                        back.shape,
                        round(float(np.abs(back.sum() - data.sum())), 4),
                    )
                except Exception as e:
                    print(kind, shape, order, precision, type(e).__name__)
special = np.array([0, -0.0, np.inf, -np.inf, 1e-300, 1e300, 3], "f8")
print(fpzip.decompress(fpzip.compress(special, order="C"), order="C").ravel().tolist())
for bad in (packed[:3], packed[:20], b"", b"xyz" * 30, packed[:10] + b"\xff" * 9 + packed[19:]):
    try:
        print(fpzip.decompress(bad, order="C").shape)
    except Exception as e:
        print(type(e).__name__)
for bad in (
    lambda: fpzip.compress(np.arange(4)),
    lambda: fpzip.compress(special, precision=-3),
    lambda: fpzip.compress(np.zeros((1,) * 5)),
    lambda: fpzip.compress(special, order="X"),
):
    try:
        print(len(bad()))
    except Exception as e:
        print(type(e).__name__)
