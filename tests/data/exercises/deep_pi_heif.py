"""HEIC read from bytes, metadata, parts and damages by pi-heif with its libheif and libde265."""

import base64
import io

import pi_heif
from PIL import Image

pi_heif.register_heif_opener()
DATA = base64.b64decode(
    "AAAAHGZ0eXBoZWljAAAAAG1pZjFoZWljbWlhZgAAAX1tZXRhAAAAAAAAACFoZGxyAAAAAAAAAABwaWN0AAAAAAAAAAAAAAAAAAAAACJpbG9jAAAAAERAAAEAAQAAAAABoQABAAAAAAAAAFEAAAAjaW"
    "luZgAAAAAAAQAAABVpbmZlAgAAAAABAABodmMxAAAAAA5waXRtAAAAAAABAAAA/WlwcnAAAADdaXBjbwAAAHZodmNDAQNwAAAAkAAAAAAAHvAA/P34+AAADwNgAAEAGEABDAH//wNwAAADAJAAAAMA"
    "AAMAHroCQGEAAQAqQgEBA3AAAAMAkAAAAwAAAwAeoCCBBZbq5Ka5uAhoMCAAAAMDIAAAAwAhYgABAAZEAcFzwIkAAAATY29scm5jbHgAAQANAAaAAAAAFGlzcGUAAAAAAAAAQAAAAEAAAAAoY2xhcA"
    "AAAEAAAAABAAAAMAAAAAEAAAAAAAAAAv////AAAAACAAAAEHBpeGkAAAAAAwgICAAAABhpcG1hAAAAAAAAAAEAAQWBAgMFhAAAAFltZGF0AAAATSgBr1jmCdi3ettdRTSGCYLdbKY3EmnFECFxezUd"
    "aNUiEKPMiMPPVkM6vlIEfwcVTF56vy6wyTgLPQgnyz2x0zqumuDd0I+ppbR5dG3g"
)
print(pi_heif.is_supported(DATA), pi_heif.is_supported(b"x" * 40), pi_heif.get_file_mimetype(DATA))
h = pi_heif.open_heif(DATA)
print(
    len(h),
    h.primary_index,
    h.size,
    h.mode,
    h.has_alpha,
    sorted(h.info)[:12],
    h.info.get("bit_depth"),
)
for image in h:
    print(
        image.size,
        image.mode,
        image.stride >= image.size[0],
        sum(image.data) // len(image.data),
        image.info["primary"],
    )
for options in ({}, {"convert_hdr_to_8bit": False}, {"bgr_mode": True}, {"remove_stride": False}):
    r = pi_heif.read_heif(DATA, **options)
    print(options, r.mode, r.size, sum(bytes(r.data)[:3000]) // 3000)
i = Image.open(io.BytesIO(DATA))
print(i.size, i.mode, i.format, i.getpixel((3, 3)), i.resize((2, 2)).getpixel((0, 0)))
pi_heif.options.DECODE_THREADS = 1
print(pi_heif.read_heif(DATA).to_pillow().getextrema())
for cut in (20, 100, len(DATA) // 2, len(DATA) - 5):
    for damaged in (DATA[:cut], DATA[:cut] + b"\xff" * 8 + DATA[cut + 8 :]):
        try:
            got = pi_heif.open_heif(damaged)
            got.load() if hasattr(got, "load") else got[0].data
            print(cut, got.size, len(got[0].data))
        except Exception as e:
            print(cut, type(e).__name__)
