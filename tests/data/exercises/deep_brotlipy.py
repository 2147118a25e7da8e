"""Brotli: qualities, modes, windows, streams, errors."""

import brotli

data = b"".join(b"%d text of %d\n" % (n, n % 97) for n in range(20000))
for quality in (0, 1, 5, 9, 11):
    for window in (10, 22):
        squeezed = brotli.compress(data, quality=quality, lgwin=window)
        print(quality, window, len(squeezed), brotli.decompress(squeezed) == data)
made = brotli.Compressor(mode=brotli.BrotliEncoderMode.TEXT)
out = b"".join(made.compress(data[n : n + 999]) for n in range(0, len(data), 999)) + made.finish()
reader = brotli.Decompressor()
print(b"".join(reader.decompress(out[n : n + 77]) for n in range(0, len(out), 77)) == data)
try:
    brotli.decompress(out[:50] + b"xx" + out[52:])
except brotli.Error as e:
    print(e)
