"""Coders turn and turn about, small pieces, dictionaries of all sizes, members and threads, by lzlib."""

import hashlib
import io
import os
import random
import tempfile
import threading

import lzip
import lzip_extension

random.seed(9)
words = [bytes(random.choices(b"abcdefgh", k=random.randint(1, 12))) for _ in range(400)]
text = b" ".join(random.choices(words, k=60000))
noise = random.randbytes(400000)
digest = lambda b: hashlib.md5(b).hexdigest()[:10]  # noqa: E731
for size in (1 << 12, 5000, 1 << 16, 1 << 20, 1 << 23, 1 << 25, (1 << 29) + 1, 4095):
    for match in (4, 5, 36, 273, 274):
        try:
            packed = lzip.compress_to_buffer(text[:100000], (size, match))
            print(size, match, digest(lzip.decompress_buffer(packed)))
        except Exception as e:
            print(size, match, type(e).__name__)
for member in (100000, 150000, 1 << 51):
    try:
        made = lzip.BufferEncoder(1, member)
        packed = b"".join(made.compress(text[i : i + 7777]) for i in range(0, len(text), 7777))
        packed += made.finish()
        print(member, digest(lzip.decompress_buffer(packed)), packed.count(b"LZIP\x01"))
    except Exception as e:
        print(member, type(e).__name__)
encoders = [lzip_extension.Encoder(1 << 20, 36, 1 << 40) for _ in range(5)]
parts = [[] for _ in encoders]
for i in range(0, 200000, 1000):
    for n, one in enumerate(encoders):
        parts[n].append(one.compress((noise if n % 2 else text)[i : i + 1000]))
for n, one in enumerate(encoders):
    parts[n].append(one.finish())
packed = [b"".join(p) for p in parts]
print([digest(lzip.decompress_buffer(p)) for p in packed])
for step in (1, 2, 3, 17, 1000, 65536):
    one, out = lzip_extension.Decoder(1), []
    for i in range(0, min(len(packed[0]), step * 5000), step):
        out.append(bytes(one.decompress(packed[0][i : i + step])))
    print(step, digest(b"".join(out)))
d = tempfile.mkdtemp()
for p in packed:
    open(os.path.join(d, "a.lz"), "ab").write(p)
for size in (1, 100, 1 << 16):
    if size > 1:
        chunks = lzip.decompress_file_iter(os.path.join(d, "a.lz"), chunk_size=size)
        print(size, digest(b"".join(chunks)))
print(digest(lzip.decompress_file_like(io.BytesIO(b"".join(packed)))))
found = {}


def work(n):
    data = (text, noise)[n % 2][n * 1000 : n * 1000 + 150000]
    for level in (0, 3, 6):
        back = lzip.decompress_buffer(lzip.compress_to_buffer(data, level))
        found[n, level] = back == data


threads = [threading.Thread(target=work, args=(n,)) for n in range(6)]
for t in threads:
    t.start()
for t in threads:
    t.join()
print(sorted(found.items()))
for at in range(6, len(packed[0]), len(packed[0]) // 40):
    broken = bytearray(packed[0])
    broken[at] ^= 1 << at % 8
    for data in (bytes(broken), packed[0][at:], packed[0][:at] + packed[1]):
        try:
            print(at, digest(lzip.decompress_buffer(data)))
        except Exception as e:
            print(at, type(e).__name__)
