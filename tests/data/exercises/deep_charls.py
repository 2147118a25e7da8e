"""JPEG-LS of several depths, losses, interleavings, sizes and errors by CharLS in pyjpegls."""

import jpeg_ls
import numpy

rng = numpy.random.default_rng(5)
for bits, kind in ((8, "u1"), (12, "u2"), (16, "u2")):
    for shape in ((1, 1), (33, 47), (200, 150), (20, 30, 3)):
        top = 2**bits
        x = (numpy.add.outer(numpy.arange(shape[0]) * 7, numpy.arange(shape[1]) * 3) % top).astype(
            kind
        )
        x = numpy.stack([x, x[::-1], x[:, ::-1]], -1).copy() if len(shape) == 3 else x
        for lossy in (0, 3):
            for interleave in (0,) if len(shape) == 2 else (0, 1, 2):
                try:
                    data = jpeg_ls.encode_array(x, lossy_error=lossy, interleave_mode=interleave)
                    y = jpeg_ls.decode(numpy.frombuffer(data, "u1"))
                except Exception as e:
                    print(bits, shape, lossy, interleave, type(e).__name__)
                    continue
                print(
                    bits,
                    shape,
                    lossy,
                    interleave,
                    len(data),
                    y.shape,
                    y.dtype,
                    sorted(map(str, jpeg_ls.read_header(data).items()))[:9]
                    if hasattr(jpeg_ls, "read_header")
                    else "",
                )
                if interleave != 0 or len(shape) == 2:
                    print(int(abs(x.astype(int) - y.reshape(x.shape).astype(int)).max()) <= lossy)
noise = rng.integers(0, 65536, (300, 300), dtype="u2")
data = jpeg_ls.encode_array(noise)
print(bool((jpeg_ls.decode(numpy.frombuffer(data, "u1")) == noise).all()), len(data))
for bad in (b"garbage" * 20, bytes(data[:200]), bytes(data[:2] + b"\0" * 400)):
    try:
        print(jpeg_ls.decode(numpy.frombuffer(bad, "u1")).shape)
    except Exception as e:
        print(type(e).__name__)
try:
    print(len(jpeg_ls.encode_array(noise, lossy_error=-1)))
except Exception as e:
    print(type(e).__name__)
