"""Pictures written and read in many forms, filters, pixels, metadata and errors, by OpenImageIO."""

import os
import tempfile

import numpy as np
import OpenImageIO as oiio

d = tempfile.mkdtemp()
y, x = np.mgrid[0:24, 0:32]
picture = np.stack([x / 32, y / 24, (x * y % 7) / 7], -1).astype("f4")
a = oiio.ImageBuf(oiio.ImageSpec(32, 24, 3, "float"))
a.set_pixels(oiio.ROI(), picture)
a.specmod().attribute("Artist", "me"), a.specmod().attribute("Exposure", 0.5)
for ext in (
    "png",
    "tif",
    "jpg",
    "bmp",
    "tga",
    "ppm",
    "exr",
    "hdr",
    "dpx",
    "gif",
    "sgi",
    "webp",
    "fits",
    "no",
):
    path = os.path.join(d, f"a.{ext}")
    print(ext, a.write(path), end=" ")
    b = oiio.ImageBuf(path)
    print(
        b.initialized,
        b.spec().width,
        b.nchannels,
        str(b.spec().format),
        [round(float(v), 2) for v in b.getpixel(5, 6)] if b.initialized else "",
        b.spec().getattribute("Artist"),
    )
A = oiio.ImageBufAlgo
for name, make in {
    "blur": lambda: A.convolve(a, A.make_kernel("gaussian", 3, 3)),
    "resize": lambda: A.resize(a, roi=oiio.ROI(0, 16, 0, 12)),
    "rotate": lambda: A.rotate90(a),
    "fft": lambda: A.fft(A.channels(a, (0,))),
    "add": lambda: A.add(a, 0.25),
    "color": lambda: A.colorconvert(a, "linear", "sRGB"),
    "crop": lambda: A.crop(a, oiio.ROI(2, 9, 3, 8)),
    "median": lambda: A.median_filter(a, 3),
    "over": lambda: A.over(
        A.channels(a, (0, 1, 2, 1.0), ("R", "G", "B", "A")),
        A.channels(a, (2, 1, 0, 1.0), ("R", "G", "B", "A")),
    ),
    "warp": lambda: A.warp(a, (0.7, 0.7, 0, -0.7, 0.7, 0, 3, -8, 1)),
    "unsharp": lambda: A.unsharp_mask(a),
}.items():
    r = make()
    s = A.computePixelStats(r)
    print(
        name,
        r.has_error,
        r.spec().width,
        r.spec().height,
        [round(float(v), 3) for v in s.avg],
        [round(float(v), 3) for v in s.max],
    )
print(
    A.computePixelHashSHA1(a),
    A.compare(a, A.add(a, 0.1), 0.05, 0.01).nfail,
    A.isConstantColor(a),
    A.histogram(a, 0, 4),
    A.nonzero_region(a).width,
)
for bad in (b"", b"\x89PNG\r\n\x1a\n" + b"x" * 50, b"II*\0" + b"\xff" * 60, b"BM" + b"1" * 90):
    open(os.path.join(d, "bad.png"), "wb").write(bad)
    i = oiio.ImageInput.open(os.path.join(d, "bad.png"))
    print(i is None, bool(oiio.geterror()))
