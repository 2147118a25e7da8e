"""Hashes, encryption, decryption, limits, threads and errors of scrypt with its libcrypto."""

import threading

import scrypt

for n, r, p, size in (
    (16, 1, 1, 64),
    (1024, 8, 16, 64),
    (16384, 8, 1, 64),
    (2, 1, 1, 20),
    (4096, 8, 2, 200),
):
    print(n, r, p, scrypt.hash("password", "NaCl é", n, r, p, size).hex())
for text in ("", "secret", "é" * 300, "x" * 100000):
    data = scrypt.encrypt(text, "pw", maxtime=0.05, maxmem=0, maxmemfrac=0.1)
    print(len(data) - len(text.encode()), scrypt.decrypt(data, "pw", maxtime=30) == text)
    try:
        print(scrypt.decrypt(data, "wrong", maxtime=30))
    except scrypt.error as e:
        print(e)
for bad in (
    lambda: scrypt.decrypt(b"garbage", "x"),
    lambda: scrypt.decrypt(data[:-5], "pw", maxtime=30),
    lambda: scrypt.decrypt(b"scrypt\0\x0f" + bytes(200), "x"),
    lambda: scrypt.hash("a", "b", N=15),
    lambda: scrypt.hash("a", "b", r=0),
    lambda: scrypt.hash("a", "b", r=2**30, p=2**30),
):
    try:
        print(bad())
    except Exception as e:
        print(type(e).__name__, e)
seen = set()
threads = [
    threading.Thread(target=lambda: seen.add(scrypt.hash("p", "s", 512, 8, 1))) for _ in range(6)
]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(len(seen))
