"""Pictures of many colour spaces and samplings, sizes, broken data, by libjpeg-turbo."""

import numpy as np
import simplejpeg

y, x = np.mgrid[0:75, 0:101]
picture = np.stack([x * 2, y * 3, (x * y) % 255], -1).astype("u1")
for space in ("RGB", "BGR", "RGBX", "BGRX", "XBGR", "XRGB", "RGBA", "GRAY"):
    for sampling in ("444", "422", "420", "440", "411", "Gray"):
        for fast in (False, True):
            data = (
                picture[:, :, :1]
                if space == "GRAY"
                else np.ascontiguousarray(np.pad(picture, ((0, 0), (0, 0), (0, 1))))
                if len(space) == 4
                else picture
            )
            try:
                packed = simplejpeg.encode_jpeg(
                    np.ascontiguousarray(data), 80, space, sampling, fast
                )
                back = simplejpeg.decode_jpeg(packed, "RGB", fast, fast)
                print(
                    space,
                    sampling,
                    fast,
                    simplejpeg.decode_jpeg_header(packed),
                    back.shape,
                    int(back.astype(int).sum()),
                )
            except Exception as e:
                print(space, sampling, type(e).__name__)
packed = simplejpeg.encode_jpeg(picture, 95)
for low in (1, 20, 40, 75):
    print(
        simplejpeg.decode_jpeg(packed, min_height=low, min_width=low).shape,
        simplejpeg.decode_jpeg_header(packed, low, low),
    )
planes = [
    np.ascontiguousarray(p) for p in (picture[:, :, 0], picture[::2, ::2, 1], picture[::2, ::2, 2])
]
print(simplejpeg.decode_jpeg(simplejpeg.encode_jpeg_yuv_planes(*planes, quality=70)).shape)
out = bytearray(75 * 101 * 4)
print(
    simplejpeg.decode_jpeg(packed, "RGBA", buffer=out).shape,
    simplejpeg.is_jpeg(packed),
    simplejpeg.is_jpeg(b"no"),
)
for bad in (
    packed[:10],
    packed[:300],
    b"",
    b"\xff\xd8" + b"x" * 90,
    packed[:100] + b"\0" * 50 + packed[150:],
):
    for call in (simplejpeg.decode_jpeg_header, simplejpeg.decode_jpeg):
        try:
            print(np.shape(call(bad)))
        except Exception as e:
            print(type(e).__name__)
