"""Texts of several scripts, directions, languages and features laid out and measured, by Raqm in Pillow."""

import glob
import io

from PIL import Image, ImageDraw, ImageFont, features

print(features.check("raqm"), features.check("fribidi"), features.check("harfbuzz"))
path = sorted(glob.glob("/usr/share/fonts/**/DejaVuSans.ttf", recursive=True)) or sorted(
    glob.glob("/usr/share/fonts/**/*.ttf", recursive=True)
)
for size in (14, 31):
    font = ImageFont.truetype(path[0], size, layout_engine=ImageFont.Layout.RAQM)
    for text in (
        "Hello AVAWAY fi",
        "שלום עולם abc",
        "مرحبا بالعالم 123",
        "täg ☃",
        "",
        "a\tb",
        "x" * 300,
        "é e\u0301",
        "\u202eabc\u202c",
    ):
        for options in (
            {},
            {"direction": "rtl"},
            {"direction": "ttb"},
            {"features": ["-kern", "-liga"]},
            {"language": "tr"},
            {"features": ["smcp", "kern=0"]},
        ):
            try:
                box = font.getbbox(text, **options)
                print(
                    repr(text[:9]),
                    sorted(options),
                    [round(v / 4) for v in box],
                    round(font.getlength(text, **options) / 4),
                )
            except Exception as e:
                print(repr(text[:9]), sorted(options), type(e).__name__)
    image = Image.new("L", (400, 120))
    draw = ImageDraw.Draw(image)
    draw.text((5, 5), "AV שלום fi", font=font, fill=255)
    draw.multiline_text(
        (5, 50), "one\nמשפט\nthree", font=font, fill=200, align="right", direction="rtl"
    )
    print(image.getbbox() is not None, sum(image.histogram()[128:]) > 100)
    try:
        print(font.getlength("x", features=["bad feature!"]) > 0)
    except Exception as e:
        print(type(e).__name__)
basic = ImageFont.truetype(path[0], 20, layout_engine=ImageFont.Layout.BASIC)
print(basic.getlength("AVA") >= ImageFont.truetype(path[0], 20).getlength("AVA"))
with open(path[0], "rb") as f:
    memory = io.BytesIO(f.read())
fonts = [ImageFont.truetype(memory, s) for s in range(8, 28) if memory.seek(0) == 0]
print(len({f.getlength("text") for f in fonts}) > 10)
