"""Pictures drawn, text in fonts, images of all formats, filters, PDF, SVG and errors of Skia."""

import zlib

import skia

surface = skia.Surface(200, 150)
with surface as canvas:
    canvas.clear(skia.ColorWHITE)
    paint = skia.Paint(Color=skia.ColorRED, AntiAlias=True, StrokeWidth=3)
    canvas.drawCircle(60, 60, 40, paint)
    canvas.drawRoundRect(
        skia.Rect.MakeXYWH(90, 20, 80, 50),
        8,
        8,
        skia.Paint(
            Shader=skia.GradientShader.MakeLinear(
                points=[(90, 20), (170, 70)], colors=[skia.ColorBLUE, skia.ColorGREEN]
            )
        ),
    )
    path = skia.Path()
    path.moveTo(10, 100)
    path.cubicTo(50, 50, 100, 150, 180, 90)
    canvas.drawPath(
        path, skia.Paint(Style=skia.Paint.kStroke_Style, ImageFilter=skia.ImageFilters.Blur(2, 2))
    )
    for size in (9, 16, 40):
        face = skia.Typeface.MakeFromFile("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf")
        font = skia.Font(face, size)
        print(
            size,
            round(font.measureText("Hello é"), 1),
            round(font.getSpacing(), 1),
            font.textToGlyphs("Hi"),
            face.countGlyphs() > 100,
            face.getUnitsPerEm(),
            face.getFamilyName(),
        )
        canvas.drawString("Hello é", 5, 140 - size, font, skia.Paint(Color=skia.ColorBLACK))
        blob = skia.TextBlob("blob", font)
        canvas.drawTextBlob(blob, 100, 140, paint)
        print(
            [round(b.width(), 1) for b in (font.getBounds(font.textToGlyphs("Wg")))],
            font.getPath(font.unicharToGlyph(65)).countPoints(),
        )
image = surface.makeImageSnapshot()
print(
    zlib.crc32(image.tobytes()),
    image.width(),
    image.colorType().name if hasattr(image.colorType(), "name") else "",
)
for kind in (skia.kPNG, skia.kJPEG, skia.kWEBP):
    for quality in (20, 100):
        data = image.encodeToData(kind, quality)
        back = skia.Image.MakeFromEncoded(data)
        codec = skia.Codec.MakeFromData(data)
        print(
            kind,
            quality,
            back.width(),
            back.height(),
            zlib.crc32(back.tobytes())
            if kind == skia.kPNG
            else abs(back.toarray()[60, 60, 2].astype(int) - 255) < 60,
            codec.getEncodedFormat(),
            codec.getFrameCount(),
        )
manager = skia.FontMgr()
print(
    manager.countFamilies() >= 0,
    manager.matchFamilyStyle("DejaVu Sans", skia.FontStyle.Bold()) is not None,
    manager.matchFamily("nosuch") is not None,
)
print(
    skia.Font(manager.matchFamilyStyle("DejaVu Sans", skia.FontStyle.Bold()), 20).measureText("abc")
    > 0
)
stream = skia.DynamicMemoryWStream()
with skia.PDF.MakeDocument(stream) as document:
    with document.page(100, 100) as canvas:
        canvas.drawString("text", 10, 50, skia.Font(face, 12), skia.Paint())
        canvas.drawImage(image, 0, 0)
data = bytes(stream.detachAsData())
print(data[:5], len(data) > 1000)
stream = skia.DynamicMemoryWStream()
canvas = skia.SVGCanvas.Make((50, 50), stream)
canvas.drawCircle(20, 20, 10, paint)
canvas.drawString("svg", 5, 40, font, paint)
del canvas
print(len(bytes(stream.detachAsData())) > 100)
for bad in (
    b"",
    b"\x89PNG\r\n\x1a\nxxxx",
    bytes(image.encodeToData(skia.kPNG, 9))[:300],
    bytes(image.encodeToData(skia.kWEBP, 9))[:90],
    bytes(image.encodeToData(skia.kJPEG, 9))[:200],
):
    try:
        got = skia.Image.MakeFromEncoded(skia.Data.MakeWithCopy(bad))
        print(got and got.width(), got and zlib.crc32(got.tobytes()) > 0)
    except Exception as e:
        print(type(e).__name__)
for name in ("/nowhere.ttf", __file__):
    try:
        print(skia.Typeface.MakeFromFile(name) is None)
    except Exception as e:
        print(type(e).__name__)
