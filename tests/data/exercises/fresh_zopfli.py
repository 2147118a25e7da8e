"""Deflate, gzip and zlib streams and PNG files made small, by Zopfli; read again by zlib."""

import gzip
import struct
import zlib

import zopfli
import zopfli.gzip
import zopfli.png
import zopfli.zlib

texts = [b"", b"a", b"abc" * 1000, bytes(range(256)) * 8, b"The quick brown fox " * 50]
for text in texts:
    for iterations in (1, 5):
        for blocks in (0, 1):
            z = zopfli.zlib.compress(text, numiterations=iterations, blocksplitting=blocks)
            g = zopfli.gzip.compress(text, numiterations=iterations, blocksplitting=blocks)
            print(
                len(text),
                len(z) < len(text) + 20,
                len(g) < len(text) + 30,
                zlib.decompress(z) == text == gzip.decompress(g),
            )


def png(width, height, rows):
    def chunk(name, data):
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    raw = b"".join(b"\0" + row for row in rows)
    return b"".join(
        (
            b"\x89PNG\r\n\x1a\n",
            chunk(b"IHDR", head),
            chunk(b"tEXt", b"Title\0test"),
            chunk(b"IDAT", zlib.compress(raw, 1)),
            chunk(b"IEND", b""),
        )
    )


picture = png(32, 32, [bytes((x * 8, y * 8, 5) * 1)[:3] * 32 for y in range(32) for x in (y,)])
for options in (
    {},
    {"lossy_8bit": True, "lossy_transparent": True},
    {"filter_strategies": "0me", "num_iterations": 2},
    {"keepchunks": ("tEXt",)},
):
    made = zopfli.png.optimize(picture, **options)
    print(options, len(made) < len(picture), made[:8], b"tEXt" in made)
for bad in (lambda: zopfli.png.optimize(b"no picture"), lambda: zopfli.zlib.compress(5)):
    try:
        print(bad())
    except Exception as e:
        print(type(e).__name__)
