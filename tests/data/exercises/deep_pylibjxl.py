"""JPEG XL and JPEG of depths, distances, transcodings and damages by pylibjxl."""

import numpy
import pylibjxl as j

x = numpy.stack([numpy.add.outer(numpy.arange(64) * 2, numpy.arange(96)) % 256] * 3, -1).astype(
    "u1"
)
x[:, :, 1] = x[:, ::-1, 1]
names = [n for n in dir(j) if not n.startswith("_") and callable(getattr(j, n))]
print(names)
for shape in ("gray", "rgb", "rgba"):
    image = {"gray": x[:, :, :1], "rgb": x, "rgba": numpy.dstack([x, x[:, :, 0]])}[shape]
    image = numpy.ascontiguousarray(image)
    for options in (
        {},
        {"lossless": True},
        {"distance": 2.0},
        {"effort": 2},
        {"effort": 8, "lossless": True},
    ):
        try:
            data = j.encode(image, **options)
            back = j.decode(data)
            back = back[0] if isinstance(back, tuple) else back
            print(
                shape,
                options,
                numpy.shape(back),
                "lossless" in options
                and bool((numpy.asarray(back).reshape(image.shape) == image).all()),
                int(abs(numpy.asarray(back).astype(int).reshape(image.shape) - image).max()) < 90,
            )
        except Exception as e:
            print(shape, options, type(e).__name__)
for name in ("encode_jpeg",):
    for quality in (10, 80, 100):
        try:
            jpeg = j.encode_jpeg(x, quality=quality)
            back = j.decode_jpeg(jpeg)
            print(quality, back.shape, int(abs(back.astype(int) - x).mean()) < 40)
            packed = j.jpeg_to_jxl(jpeg)
            print(len(packed) < len(jpeg), j.jxl_to_jpeg(packed) == jpeg, j.decode(packed).shape)
        except Exception as e:
            print(name, type(e).__name__)
data = j.encode(x)
for bad in (
    b"",
    b"garbage" * 20,
    data[:30],
    data[:-9],
    b"\xff\x0a" + bytes(50),
    b"\xff\xd8\xff\xe0" + bytes(60),
):
    for function in (
        j.decode,
        getattr(j, "decode_jpeg", j.decode),
        getattr(j, "jpeg_to_jxl", j.decode),
    ):
        try:
            print(
                numpy.shape(function(bad))
                if function is not getattr(j, "jpeg_to_jxl", None)
                else len(function(bad))
            )
        except Exception as e:
            print(type(e).__name__)
