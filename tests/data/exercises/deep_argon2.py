"""All types, versions and parameters of Argon2, decoding, errors and threads."""

import threading

from argon2 import PasswordHasher, Type, exceptions, extract_parameters, low_level

for kind in Type:
    for version in (0x10, 0x13):
        for lanes, memory, time in ((1, 8, 1), (2, 64, 3), (4, 1024, 2)):
            print(
                low_level.hash_secret_raw(
                    b"secret", b"somesalt" * 2, time, memory, lanes, 40, kind, version
                ).hex()
            )
    encoded = low_level.hash_secret(b"secret", b"somesalt", 2, 256, 2, 16, kind)
    print(
        encoded,
        low_level.verify_secret(encoded, b"secret", kind),
        extract_parameters(encoded.decode()).memory_cost,
    )
for bad in (
    (b"s", b"x", 1, 8, 1, 16),
    (b"s", b"somesalt", 0, 8, 1, 16),
    (b"s", b"somesalt", 1, 1, 1, 16),
    (b"s", b"somesalt", 1, 8, 1, 1),
):
    try:
        low_level.hash_secret_raw(*bad, Type.ID)
    except exceptions.HashingError as e:
        print(e)
hasher = PasswordHasher(2, 512, 4)
stored = hasher.hash("pass")
for text, password in (
    (stored, "pass"),
    (stored, "no"),
    ("$argon2id$nonsense", "x"),
    (stored[:-4], "pass"),
):
    try:
        print(hasher.verify(text, password))
    except (exceptions.VerificationError, exceptions.InvalidHash) as e:
        print(type(e).__name__)
print(low_level.error_to_str(-35), low_level.error_to_str(-1), low_level.error_to_str(7))
done = []


def work():
    for _ in range(10):
        done.append(hasher.verify(stored, "pass"))


threads = [threading.Thread(target=work) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(len(done), all(done))
