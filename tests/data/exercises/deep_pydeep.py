"""Fuzzy hashes of buffers and files, and their comparison, by ssdeep in pydeep."""

import random
import tempfile

import pydeep

random.seed(3)
blocks = [random.randbytes(n) for n in (0, 10, 5000, 70000, 900000)]
for block in blocks:
    digest = pydeep.hash_buf(block)
    print(digest)
    changed = block[: len(block) // 2] + b"inserted" + block[len(block) // 2 :]
    print(pydeep.compare(digest, pydeep.hash_buf(changed)), pydeep.compare(digest, digest))
with tempfile.NamedTemporaryFile() as f:
    f.write(blocks[3])
    f.flush()
    print(
        pydeep.hash_file(f.name),
        pydeep.hash_bytes(blocks[3]) if hasattr(pydeep, "hash_bytes") else "",
    )
for bad in (
    lambda: pydeep.compare(b"x", b"y"),
    lambda: pydeep.hash_file("/nowhere"),
    lambda: pydeep.hash_buf(7),
):
    try:
        print(bad())
    except Exception as e:
        print(type(e).__name__)
