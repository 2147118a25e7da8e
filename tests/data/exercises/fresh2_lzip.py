"""Levels, members, chunks, files and broken data, by lzlib."""

import io
import os
import random
import tempfile

import lzip

random.seed(2)
texts = [b"", b"x", b"some text " * 5000, random.randbytes(30000), bytes(range(256)) * 400]
path = os.path.join(tempfile.mkdtemp(), "a.lz")
for text in texts:
    for level in range(10):
        packed = lzip.compress_to_buffer(text, level)
        print(len(text), level, lzip.decompress_buffer(packed) == text)
lzip.compress_to_file(path, texts[2], level=(1 << 20, 36), member_size=100000)
print(
    lzip.decompress_file(path) == texts[2],
    sum(map(len, lzip.decompress_file_iter(path, chunk_size=1000))),
)
encoder = lzip.BufferEncoder(3, 20000)
made = b"".join(encoder.compress(t) for t in texts) + encoder.finish()
print(
    lzip.decompress_buffer(made) == b"".join(texts),
    len(lzip.decompress_file_like(io.BytesIO(made))),
)
with lzip.FileEncoder(path, 9) as f:
    for t in texts:
        f.compress(t)
print([len(c) for c in lzip.decompress_file_iter(path)][:3])
for at in (0, 4, 5, 20, len(made) // 2, len(made) - 3):
    broken = made[:at] + bytes([made[at] ^ 0x77]) + made[at + 1 :]
    for data in (broken, made[:at], made + b"trailing"):
        try:
            print(at, len(lzip.decompress_buffer(data)))
        except Exception as e:
            print(at, type(e).__name__)
print(lzip.decompress_buffer(lzip.compress_to_buffer(b"abcdef"), word_size=3))
for bad in (
    lambda: lzip.compress_to_buffer(b"x", 77),
    lambda: lzip.compress_to_buffer(b"x", (1, 1)),
    lambda: lzip.decompress_file("/no"),
    lambda: lzip.decompress_buffer(lzip.compress_to_buffer(b"abcde"), word_size=3),
):
    try:
        print(bad())
    except Exception as e:
        print(type(e).__name__)
