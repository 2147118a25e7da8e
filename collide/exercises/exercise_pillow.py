# packages: pillow
"""libjpeg, libpng, libtiff, libwebp, openjpeg, freetype, harfbuzz and lcms."""

import io

from PIL import Image, ImageCms, ImageFont, features

image = Image.radial_gradient("L").resize((64, 64))
image = Image.merge("RGB", (image, image.rotate(90), image.transpose(0)))
for form, options in (
    ("PNG", {}),
    ("JPEG", {"quality": 90}),
    ("TIFF", {"compression": "tiff_deflate"}),
    ("TIFF", {"compression": "tiff_lzw"}),
    ("TIFF", {"compression": "jpeg"}),
    ("WEBP", {"lossless": True}),
    ("JPEG2000", {}),
    ("GIF", {}),
    ("AVIF", {"speed": 10}),
):
    if form == "AVIF" and not features.check("avif"):
        continue
    stream = io.BytesIO()
    image.save(stream, form, **options)
    stream.seek(0)
    with Image.open(stream) as again:
        print(form, options, again.size, again.convert("RGB").getpixel((10, 20)))
for broken in (b"\x89PNG\r\n\x1a\n" + bytes(100), b"\xff\xd8\xff" + bytes(100)):
    try:
        Image.open(io.BytesIO(broken)).load()
    except (OSError, SyntaxError) as e:
        print(type(e).__name__)
for engine in (ImageFont.Layout.BASIC, ImageFont.Layout.RAQM):
    if engine == ImageFont.Layout.RAQM and not features.check("raqm"):
        continue
    font = ImageFont.load_default(20)
    font = ImageFont.truetype(io.BytesIO(font.font_bytes), 20, layout_engine=engine)
    print(engine, font.getbbox("office AVATAR"), font.getlength("fi"), font.getname())
srgb, lab = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
transform = ImageCms.buildTransform(srgb, lab, "RGB", "LAB")
print(ImageCms.applyTransform(image, transform).getpixel((10, 10)))
print(ImageCms.getProfileDescription(ImageCms.ImageCmsProfile(srgb)).strip())
