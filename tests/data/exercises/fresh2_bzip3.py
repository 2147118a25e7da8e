"""Blocks, files, checks of sizes and broken data, by bzip3."""

import io
import random

import bz3

random.seed(3)
texts = [
    b"",
    b"a",
    b"abc" * 9000,
    bytes(range(256)) * 300,
    random.randbytes(70000),
    b"wordy words " * 40000,
]
for text in texts:
    for size in (66 * 1024, 1 << 20):
        packed = bz3.compress(text, size)
        print(len(text), bz3.decompress(packed) == text)
print(bz3.bound(1000), bz3.min_memory_needed(1 << 20))
made = io.BytesIO()
with bz3.BZ3File(made, "wb", block_size=1 << 17) as f:
    for text in texts:
        f.write(text)
packed = made.getvalue()
with bz3.open(io.BytesIO(packed)) as f:
    print(f.read(10), sum(len(line) for line in f))
out = io.BytesIO()
print(
    bz3.test_file(io.BytesIO(packed)),
    bz3.decompress_file(io.BytesIO(packed), out),
    len(out.getvalue()),
)
into = bytearray(bz3.bound(9000))
n = bz3.compress_into(b"xyz" * 3000, into)
back = bytearray(9000)
print(bz3.decompress_into(bytes(into[:n]), back), bytes(back[:6]))
for at in (3, 9, 14, 40, len(packed) // 2):
    broken = packed[:at] + bytes([packed[at] ^ 0xFF]) + packed[at + 1 :]
    for bad in (
        lambda: bz3.decompress(broken),
        lambda: bz3.decompress(broken[:at]),
        lambda: bz3.test_file(io.BytesIO(broken)),
    ):
        try:
            print(at, len(bad()))
        except Exception as e:
            print(at, type(e).__name__)
for size in (0, 100, 1 << 30):
    try:
        print(len(bz3.compress(b"abc", size)))
    except Exception as e:
        print(type(e).__name__)
