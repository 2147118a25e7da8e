"""AVIF of several qualities, speeds, samplings, codecs, sequences and damages by pillow-avif-plugin."""

import io

from PIL import Image, ImageSequence
from pillow_avif import AvifImagePlugin as plugin

Image.init()
Image.register_open("AVIF", plugin.AvifImageFile, plugin._accept)
Image.register_save("AVIF", plugin._save)
Image.register_save_all("AVIF", plugin._save_all)
image = Image.new("RGBA", (96, 64))
image.putdata([(x * 2, y * 3, (x * y) % 256, 255 - x) for y in range(64) for x in range(96)])
for codec in ("auto", "aom", "rav1e", "svt"):
    for mode in ("RGB", "RGBA", "L"):
        for quality, speed in ((30, 10), (75, 8), (100, 9)):
            for sampling in ("4:2:0", "4:4:4"):
                if codec == "svt" and sampling != "4:2:0":
                    continue
                memory = io.BytesIO()
                try:
                    image.convert(mode).save(
                        memory,
                        "AVIF",
                        quality=quality,
                        speed=speed,
                        subsampling=sampling,
                        codec=codec,
                        max_threads=1,
                    )
                    back = Image.open(io.BytesIO(memory.getvalue()))
                    back.load()
                except Exception as e:
                    print(codec, mode, quality, sampling, type(e).__name__)
                    continue
                a, b = (
                    image.convert("RGB").getpixel((20, 30)),
                    back.convert("RGB").getpixel((20, 30)),
                )
                print(
                    codec,
                    mode,
                    quality,
                    sampling,
                    back.size,
                    back.mode,
                    quality < 75
                    or mode == "L"
                    or max(abs(x - y) for x, y in zip(a, b, strict=True)) < 40,
                )
frames = [image.rotate(90 * n, expand=False) for n in range(4)]
memory = io.BytesIO()
frames[0].save(
    memory,
    "AVIF",
    save_all=True,
    append_images=frames[1:],
    duration=[100, 200, 300, 400],
    speed=10,
    exif=b"Exif\0\0MM\0*\0\0\0\x08\0\0\0\0\0\0",
    icc_profile=b"",
)
for decoder in ("auto", "dav1d", "aom"):
    plugin.DECODE_CODEC_CHOICE = decoder
    try:
        back = Image.open(io.BytesIO(memory.getvalue()))
        print(
            decoder,
            back.n_frames,
            back.is_animated,
            [(f.size, f.info.get("duration")) for f in ImageSequence.Iterator(back)],
        )
        back.seek(2)
        back.load()
        print(back.tell(), back.mode)
    except Exception as e:
        print(decoder, type(e).__name__)
plugin.DECODE_CODEC_CHOICE = "auto"
for tiles in (0, 1, 2):
    out = io.BytesIO()
    image.resize((600, 400)).convert("RGB").save(
        out,
        "AVIF",
        speed=10,
        tile_rows=tiles,
        tile_cols=tiles,
        autotiling=False,
        range="limited",
        advanced={"tune": "ssim"} if tiles else None,
    )
    print(
        tiles,
        Image.open(io.BytesIO(out.getvalue())).convert("L").resize((1, 1)).getpixel((0, 0)) > 50,
    )
data = memory.getvalue()
for cut in (20, 200, len(data) // 2, len(data) - 9):
    try:
        got = Image.open(io.BytesIO(data[:cut] + b"\xff" * 8))
        got.load()
        print(cut, got.size)
    except Exception as e:
        print(cut, type(e).__name__)
for bad in (
    {"quality": 999},
    {"codec": "none"},
    {"subsampling": "9"},
    {"advanced": {"no": "such"}},
):
    try:
        image.save(io.BytesIO(), "AVIF", **bad)
        print("taken")
    except Exception as e:
        print(type(e).__name__)
