"""Animations, metadata, 16 bits, tiles, progressive files, variable fonts and broken data."""

import io
import threading

from PIL import Image, ImageCms, ImageDraw, ImageFilter, ImageFont, features

base = Image.radial_gradient("L").resize((96, 80))
image = Image.merge("RGB", (base, base.rotate(90), base.transpose(0)))


def again(picture, form, **options):
    stream = io.BytesIO()
    picture.save(stream, form, **options)
    with Image.open(io.BytesIO(stream.getvalue())) as opened:
        opened.load()
        pixel = opened.convert("RGB").getpixel((20, 30))
        return opened.mode, opened.size, tuple(v // 8 for v in pixel), stream.getvalue()


for form, options in (
    ("PNG", {"optimize": True, "dpi": (72, 72)}),
    ("PNG", {"compress_level": 9, "icc_profile": b"x" * 200}),
    ("JPEG", {"progressive": True, "optimize": True, "subsampling": 0}),
    ("JPEG", {"quality": 30, "exif": b"Exif\0\0MM\0*\0\0\0\x08\0\0"}),
    ("JPEG", {"restart_marker_blocks": 4}),
    ("TIFF", {"compression": "tiff_lzw", "tiffinfo": {270: "words", 315: "me"}}),
    ("TIFF", {"compression": "packbits"}),
    ("TIFF", {"compression": "tiff_adobe_deflate", "tile": (16, 16)}),
    ("TIFF", {"compression": "jpeg", "quality": 60}),
    ("TIFF", {"compression": "lzma"}),
    ("TIFF", {"compression": "zstd"}),
    ("TIFF", {"compression": "webp"}),
    ("WEBP", {"quality": 40, "method": 6, "exif": b"Exif\0\0abc", "xmp": b"<x/>"}),
    ("WEBP", {"lossless": True, "exact": True, "alpha_quality": 50}),
    ("JPEG2000", {"irreversible": True, "quality_layers": [20, 10]}),
    ("JPEG2000", {"tile_size": (32, 32), "num_resolutions": 3, "progression": "RPCL"}),
    ("AVIF", {"quality": 50, "speed": 9, "subsampling": "4:4:4"}),
    ("AVIF", {"quality": 90, "speed": 10, "codec": "aom"}),
    ("GIF", {"save_all": True, "append_images": [image.rotate(9)], "duration": 40}),
    ("WEBP", {"save_all": True, "append_images": [image.rotate(9), image], "duration": 40}),
    ("AVIF", {"save_all": True, "append_images": [image.rotate(9)], "duration": 40, "speed": 10}),
    ("TIFF", {"save_all": True, "append_images": [image.rotate(9)], "compression": "tiff_lzw"}),
):
    try:
        print(form, options.get("compression", ""), again(image, form, **options)[:3])
    except (OSError, ValueError, KeyError) as e:
        print(form, type(e).__name__)
for mode in ("1", "L", "LA", "P", "RGBA", "CMYK", "I;16", "F"):
    for form in ("PNG", "TIFF", "JPEG", "WEBP", "JPEG2000", "AVIF"):
        try:
            print(mode, form, again(image.convert("L" if mode == "I;16" else mode), form)[:2])
        except (OSError, ValueError, KeyError) as e:
            print(mode, form, type(e).__name__)
for form in ("PNG", "JPEG", "TIFF", "WEBP", "JPEG2000", "AVIF"):
    data = bytearray(again(image, form)[3])
    for cut in (len(data) // 3, len(data) - 20):
        try:
            Image.open(io.BytesIO(bytes(data[:cut]))).load()
            print(form, "loaded")
        except (OSError, SyntaxError, ValueError) as e:
            print(form, type(e).__name__)
font_bytes = ImageFont.load_default(20).font_bytes
engines = [ImageFont.Layout.BASIC] + [ImageFont.Layout.RAQM] * features.check("raqm")
for engine in engines:
    for size in (8, 21, 60):
        font = ImageFont.truetype(io.BytesIO(font_bytes), size, layout_engine=engine)
        picture = Image.new("L", (400, 120))
        draw = ImageDraw.Draw(picture)
        draw.text((5, 5), "office AVATAR\nTo fi ffl", font=font, fill=255, stroke_width=2)
        draw.multiline_text((5, 60), "abc\ndef", font=font, fill=99, align="right")
        print(engine, size, font.getbbox("AVATAR To."), font.getmetrics(), picture.getbbox())
        if engine == ImageFont.Layout.RAQM:
            for direction in ("rtl", "ltr", "ttb"):
                print(font.getlength("שלום abc", direction=direction, features=["-kern", "liga"]))
srgb, lab = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
for intent in range(4):
    transform = ImageCms.buildTransform(srgb, lab, "RGB", "LAB", intent)
    print(ImageCms.applyTransform(image, transform).getpixel((9, 9)))
profile = ImageCms.ImageCmsProfile(srgb)
read = ImageCms.ImageCmsProfile(io.BytesIO(profile.tobytes()))
print(read.profile.red_colorant, ImageCms.isIntentSupported(read, 0, 0))
done = []


def work():
    for _ in range(15):
        for form in ("PNG", "JPEG", "WEBP", "TIFF"):
            done.append(again(image.filter(ImageFilter.BLUR), form)[:2])


threads = [threading.Thread(target=work) for _ in range(3)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(len(done), sorted(set(done)))
