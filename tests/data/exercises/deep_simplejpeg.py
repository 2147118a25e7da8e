"""Noise, large and tiny pictures, strides, all qualities, planes, scaled and cut data, threads, by libjpeg-turbo."""

import hashlib
import threading

import numpy as np
import simplejpeg


def digest(a):
    return hashlib.md5(np.ascontiguousarray(a).tobytes()).hexdigest()[:10]


def tried(call):
    try:
        return call()
    except Exception as e:
        return type(e).__name__


r = np.random.default_rng(5)
for height, width in ((1, 1), (7, 3), (8, 8), (16, 17), (33, 64), (600, 901), (1, 4000), (3000, 2)):
    noise = r.integers(0, 256, (height, width, 3), dtype="u1")
    for quality in (1, 35, 100):
        for sampling in ("444", "422", "420", "440", "411", "Gray"):
            packed = tried(
                lambda noise=noise, quality=quality, sampling=sampling: simplejpeg.encode_jpeg(
                    noise, quality, "RGB", sampling, False
                )
            )
            if isinstance(packed, str):
                print(height, width, quality, sampling, packed)
                continue
            print(
                height,
                width,
                quality,
                sampling,
                simplejpeg.decode_jpeg_header(packed),
                simplejpeg.is_jpeg(packed),
            )
            for space in ("RGB", "BGRA", "Gray", "CMYK", "XRGB"):
                back = tried(
                    lambda packed=packed, space=space: simplejpeg.decode_jpeg(
                        packed, space, False, False
                    )
                )
                print(space, back if isinstance(back, str) else (back.shape, digest(back)))
big = r.integers(0, 256, (600, 900, 3), dtype="u1").cumsum(0, dtype="u1")
packed = simplejpeg.encode_jpeg(big, 90)
for at in (2, 20, 200, 700, 5000, 60000, len(packed) - 3):
    for data in (
        packed[:at],
        packed[:at] + b"\xff\xd9" + packed[at:],
        packed[:at] + bytes([packed[at] ^ 255]) + packed[at + 1 :],
        memoryview(packed)[at:],
        bytearray(packed) + b"tail",
    ):
        for strict in (True, False):
            print(
                at,
                strict,
                tried(
                    lambda data=data, strict=strict: (
                        simplejpeg.decode_jpeg(data, strict=strict).shape
                    )
                ),
                tried(lambda data=data: simplejpeg.decode_jpeg_header(data)),
            )
for low in (0, 1, 75, 76, 150, 225, 301, 599, 600, 9999):
    print(
        low,
        tried(lambda low=low: simplejpeg.decode_jpeg(packed, min_height=low, min_factor=2).shape),
        tried(lambda low=low: simplejpeg.decode_jpeg_header(packed, min_width=low)),
    )
for view in (
    big[::2],
    big[:, ::3],
    big[::-1],
    big[..., ::-1],
    np.asfortranarray(big),
    big[:, :, :2],
    big.astype("f4"),
    big[:0],
    None,
):
    back = tried(
        lambda view=view: simplejpeg.decode_jpeg(
            simplejpeg.encode_jpeg(view, 70, colorsubsampling="422")
        )
    )
    print(np.shape(view), back if isinstance(back, str) else (back.shape, digest(back)))
for a, b in ((2, 2), (1, 2), (1, 1), (2, 1), (1, 4), (3, 3)):
    planes = [np.ascontiguousarray(p) for p in (big[..., 0], big[::a, ::b, 1], big[::a, ::b, 2])]
    print(
        a,
        b,
        tried(
            lambda planes=planes: digest(
                simplejpeg.decode_jpeg(simplejpeg.encode_jpeg_yuv_planes(*planes, quality=60))
            )
        ),
    )
for size in (0, 10, 600 * 900 * 3, 600 * 900 * 5):
    print(
        size, tried(lambda size=size: simplejpeg.decode_jpeg(packed, buffer=bytearray(size)).shape)
    )
found = [None] * 6


def work(i):
    for _ in range(6):
        found[i] = digest(
            simplejpeg.decode_jpeg(
                simplejpeg.encode_jpeg(big, 80, colorsubsampling=("444", "420")[i % 2])
            )
        )


threads = [threading.Thread(target=work, args=(i,)) for i in range(6)]
for t in threads:
    t.start()
for t in threads:
    t.join()
print(found)
