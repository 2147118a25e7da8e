# packages: brotli, lz4, python-snappy, cramjam
"""A compression library, whichever of these packages it is of: one-shot and in parts."""

import importlib

text = b"".join(b"line %d of some text\n" % i for i in range(5000))
for name in ("brotli", "lz4.frame", "lz4.block", "snappy"):
    try:
        module = importlib.import_module(name)
    except ImportError:
        continue
    packed = module.compress(text)
    print(name, module.decompress(packed) == text)
    try:
        module.decompress(b"\xff" * 30)
    except Exception as e:
        print(type(e).__name__)
try:
    import cramjam
except ImportError:
    pass
else:
    for name in ("snappy", "lz4", "brotli", "zstd", "bzip2", "deflate", "gzip"):
        codec = getattr(cramjam, name, None)
        if codec is not None:
            print(name, bytes(codec.decompress(codec.compress(text))) == text)
