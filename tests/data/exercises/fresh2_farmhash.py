"""Hashes and fingerprints of texts of all lengths, with seeds, by FarmHash."""

import farmhash

text = "".join(chr(33 + i * i % 90) for i in range(4000))
for n in (*range(70), 100, 128, 200, 255, 256, 257, 300, 511, 512, 513, 1000, 2048, 4000):
    part = text[:n]
    print(
        n,
        farmhash.fingerprint32(part),
        farmhash.fingerprint64(part),
        farmhash.fingerprint128(part),
        farmhash.hash32(part),
        farmhash.hash64(part),
        farmhash.hash128(part),
    )
    for seed in (0, 1, 77, 2**32 - 1):
        print(
            seed,
            farmhash.hash32withseed(part, seed),
            farmhash.hash64withseed(part, seed),
            farmhash.hash128withseed(part, seed, seed + 1),
        )
for other in ("täglich", "\0\0\0", "☃" * 50):
    print(farmhash.hash64(other), farmhash.fingerprint128(other))
for bad in (
    lambda: farmhash.hash64(5),
    lambda: farmhash.hash64withseed("x"),
    lambda: farmhash.hash32withseed("x", "y"),
):
    try:
        print(bad())
    except Exception as e:
        print(type(e).__name__)
