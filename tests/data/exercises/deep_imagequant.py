"""Palettes of images with and without transparency, colours, dithering and qualities of libimagequant."""

import imagequant
from PIL import Image

for size in ((1, 1), (17, 31), (300, 200)):
    image = Image.new("RGBA", size)
    image.putdata(
        [
            (x * 255 // size[0], y * 255 // size[1], (x * y) % 256, 255 - (x + y) % 90)
            for y in range(size[1])
            for x in range(size[0])
        ]
    )
    for colours in (2, 16, 256):
        for dithering in (0.0, 1.0):
            for quality in ((0, 100), (0, 50)):
                made = imagequant.quantize_pil_image(image, dithering, colours, *quality)
                used = len(set(made.getdata()))
                print(
                    size, colours, dithering, quality, made.mode, made.size, used <= colours, used
                )
            pixels, palette = imagequant.quantize_raw_rgba_bytes(
                image.tobytes(), *size, dithering, colours
            )
            print(len(pixels), len(palette) % 4, max(pixels) < colours)
for bad in (
    lambda: imagequant.quantize_pil_image(image, 1.0, 1),
    lambda: imagequant.quantize_pil_image(image, 1.0, 256, 101, 99),
    lambda: imagequant.quantize_pil_image(image, 1.0, 4, 99, 100),
    lambda: imagequant.quantize_pil_image(Image.new("RGBA", (0, 0))),
):
    try:
        print(bad().size)
    except Exception as e:
        print(type(e).__name__)
