"""Levels, long inputs, threads and errors of the zstd package, which holds its own libzstd."""

import hashlib
import threading

import zstd

data = bytes(range(256)) * 900 + b"collide " * 40000 + hashlib.sha256(b"x").digest() * 100
for level in (-50, -1, 1, 3, 9, 15, 19, 22):
    for workers in (0, 1, 2):
        packed = zstd.compress(data, level, workers)
        print(level, workers, len(packed) < len(data) / 20, zstd.uncompress(packed) == data)
print(zstd.check(zstd.compress(data, 1)), zstd.check(b"abc"))
for bad in (b"", b"\x28\xb5\x2f\xfd", b"garbage" * 9, zstd.compress(data, 3)[:-7]):
    try:
        print(len(zstd.uncompress(bad)))
    except (zstd.Error, ValueError) as e:
        print(type(e).__name__)
done = []


def work():
    for n in range(30):
        done.append(zstd.uncompress(zstd.compress(data[n:60000], 5)) == data[n:60000])


threads = [threading.Thread(target=work) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(len(done), all(done))
