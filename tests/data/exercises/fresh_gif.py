"""Pictures and series of pictures as GIF files and back, interlaced and damaged, by giflib."""

import imagecodecs
import numpy

x = (numpy.arange(64 * 60) % 200).astype("u1").reshape(60, 64)
colours = numpy.stack([numpy.arange(256), numpy.arange(256)[::-1], numpy.arange(256) // 2], 1)
one = imagecodecs.gif_encode(x)
print(one[:3], imagecodecs.gif_decode(one).shape, imagecodecs.gif_decode(one).sum())
many = imagecodecs.gif_encode(
    numpy.stack([x, x[::-1], x.T.reshape(60, 64)]), colormap=colours.astype("u1")
)
back = imagecodecs.gif_decode(many)
print(back.shape, back.sum())
for index in (0, 2, None):
    got = imagecodecs.gif_decode(many, index=index)
    print(index, got.shape, int(got.astype("i8").sum()))
flat = imagecodecs.gif_decode(many, asrgb=False)
print(flat.shape, int(flat.astype("i8").sum()))
for bad in (b"", b"GIF89a", one[:200], b"garbage" * 30, one[:-5], many[: len(many) // 2]):
    try:
        got = imagecodecs.gif_decode(bad)
        print(got.shape)
    except Exception as e:
        print(type(e).__name__)
try:
    print(len(imagecodecs.gif_encode(x.astype("u2"))))
except Exception as e:
    print(type(e).__name__)
for _ in range(20):
    imagecodecs.gif_decode(many)
