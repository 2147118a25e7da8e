"""The zopfli codec of imagecodecs, read again by zlib."""

import zlib

import imagecodecs
import numpy

for text in (b"", b"a", b"abc" * 1000, bytes(range(256)) * 8, b"The quick brown fox " * 50):
    for level in (1, 5):
        z = imagecodecs.zopfli_encode(text, level)
        print(
            len(text),
            level,
            len(z) < len(text) + 20,
            imagecodecs.zopfli_decode(z) == text == zlib.decompress(z),
        )
x = (numpy.arange(6000) % 77).astype("u2").reshape(60, 100)
z = imagecodecs.zopfli_encode(x)
print(len(z) < 900, zlib.decompress(z) == x.tobytes())
for kind in imagecodecs.ZOPFLI.FORMAT:
    print(kind.name, len(imagecodecs.zopfli_encode(b"xyz" * 500, format=kind)) < 90)
for bad in (lambda: imagecodecs.zopfli_encode(5), lambda: imagecodecs.zopfli_decode(b"zz")):
    try:
        print(bad())
    except Exception as e:
        print(type(e).__name__)
