"""Pictures of many pixel formats as JPEG XR files and back, and errors, by jxrlib."""

import imagecodecs
import numpy

rng = numpy.random.RandomState(1)
for kind in ("u1", "u2", "f2", "f4"):
    for shape in ((40, 48), (40, 48, 3), (40, 48, 4), (17, 19)):
        n = int(numpy.prod(shape))
        x = ((numpy.arange(n) % 251) + rng.randint(0, 3, n)).reshape(shape)
        x = x.astype(kind) if kind[0] == "u" else (x / 255).astype(kind)
        try:
            lossless = imagecodecs.jpegxr_encode(x, level=100)
            back = imagecodecs.jpegxr_decode(lossless)
            lossy = imagecodecs.jpegxr_decode(imagecodecs.jpegxr_encode(x, level=0.8))
        except Exception as e:
            print(kind, shape, type(e).__name__)
            continue
        off = abs(back.astype("f8") - x.astype("f8")).max()
        print(
            kind,
            shape,
            back.shape,
            back.dtype,
            len(lossless) < x.nbytes,
            round(float(off), 3),
            lossy.shape,
        )
packed = imagecodecs.jpegxr_encode(x[:16, :16].copy(), level=90)
print(packed[:4], imagecodecs.jpegxr_check(packed))
for bad in (b"", b"garbage" * 20, packed[: len(packed) // 2], packed[:60]):
    try:
        print(imagecodecs.jpegxr_decode(bad).shape)
    except Exception as e:
        print(type(e).__name__)
for _ in range(20):
    imagecodecs.jpegxr_decode(packed)
