"""Lines, paths, brushes, text in fonts and errors of aggdraw with its FreeType."""

import zlib

import aggdraw
from PIL import Image

font_file = "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"
for mode in ("L", "RGB", "RGBA"):
    image = Image.new(mode, (200, 150), "white")
    draw = aggdraw.Draw(image)
    draw.setantialias(True)
    pen, brush = aggdraw.Pen("red", 2.5, 200), aggdraw.Brush("blue", 128)
    draw.line((5, 5, 190, 140), pen)
    draw.ellipse((20, 20, 90, 80), pen, brush)
    draw.polygon((100, 10, 180, 30, 150, 90), brush, pen)
    draw.arc((10, 90, 90, 140), 30, 200, pen)
    draw.chord((100, 90, 180, 140), 10, 170, brush)
    draw.pieslice((50, 50, 120, 120), 0, 90, pen, brush)
    path = aggdraw.Path()
    path.moveto(10, 10)
    path.curveto(50, 100, 100, -20, 150, 100)
    path.rlineto(10, 20)
    path.close()
    draw.path(path, pen, brush)
    draw.symbol((20, 100), aggdraw.Symbol("M0,0L10,0L10,10Z"), pen)
    for size in (8, 14, 33.5):
        font = aggdraw.Font("black", font_file, size, 220)
        print(mode, size, draw.textsize("Hello é ж", font))
        draw.text((10, 100 - size), "Hello é ж", font)
    draw.settransform((1, 0.2, 5, 0.1, 1, 3))
    draw.text((50, 50), "turned", aggdraw.Font("green", font_file, 20))
    draw.flush()
    print(mode, zlib.crc32(image.tobytes()), len(draw.tobytes()), path.coords()[:6])
for bad in (
    lambda: aggdraw.Font("black", "/nowhere.ttf"),
    lambda: aggdraw.Font("black", __file__),
    lambda: aggdraw.Draw("X", (5, 5)),
    lambda: aggdraw.Pen("nocolour"),
    lambda: aggdraw.Symbol("M0,0Q"),
):
    try:
        print(bad() is None)
    except Exception as e:
        print(type(e).__name__)
