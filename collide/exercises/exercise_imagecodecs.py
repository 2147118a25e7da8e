# packages: imagecodecs
"""The codecs that are built into imagecodecs: what is encoded is decoded again."""

import imagecodecs
import numpy

image = (numpy.add.outer(numpy.arange(64), numpy.arange(64)) * 2).astype(numpy.uint8)
text = bytes(image.ravel())
for name in ("zlib", "zstd", "lz4", "brotli", "lzma", "bz2", "blosc", "snappy", "deflate"):
    try:
        packed = getattr(imagecodecs, f"{name}_encode")(text)
        print(name, bytes(getattr(imagecodecs, f"{name}_decode")(packed))[:4096] == text)
    except (ImportError, AttributeError) as e:
        print(name, type(e).__name__)
for name in ("png", "jpeg8", "jpeg2k", "webp", "jpegxl", "avif", "tiff", "jpegls", "qoi"):
    try:
        codec = image if name != "qoi" else numpy.dstack([image] * 3)
        again = getattr(imagecodecs, f"{name}_decode")(
            getattr(imagecodecs, f"{name}_encode")(codec)
        )
        print(name, again.shape, abs(int(again.astype(int).mean()) - int(codec.mean())) < 4)
    except (ImportError, AttributeError) as e:
        print(name, type(e).__name__)
    except Exception as e:
        print(name, type(e).__name__)
