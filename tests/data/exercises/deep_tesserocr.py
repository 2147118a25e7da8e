"""Images of all formats, thresholds, boxes, layouts, variables and errors of Leptonica and Tesseract without a language."""

import io
import os
import tempfile

import tesserocr
from PIL import Image, ImageDraw

image = Image.new("L", (400, 120), 255)
draw = ImageDraw.Draw(image)
for n, word in enumerate(("Hello", "World", "12345")):
    draw.text((20 + 120 * n, 20), word, fill=0)
    draw.rectangle((20 + 120 * n, 60, 100 + 120 * n, 90), fill=0)
directory = tempfile.mkdtemp()
try:
    print(tesserocr.PyTessBaseAPI(path=directory, lang="eng") is None)
except RuntimeError as e:
    print(type(e).__name__)
api = tesserocr.PyTessBaseAPI(init=False)
print(
    api.SetVariable("tessedit_char_whitelist", "abc"),
    api.GetVariableAsString("tessedit_char_whitelist"),
    api.SetVariable("nosuch", "1"),
)
print(tesserocr.get_languages(directory)[1])
try:
    api.InitFull(directory, "none") if hasattr(api, "InitFull") else api.Init(directory, "none")
    print("made")
except RuntimeError as e:
    print(type(e).__name__)
layout = tesserocr.PyTessBaseAPI(init=False)
layout.InitForAnalysePage()
layout.SetPageSegMode(tesserocr.PSM.AUTO_ONLY)
for mode in ("1", "L", "RGB", "RGBA"):
    for kind in ("png", "tiff", "jpeg", "bmp", "webp", "gif"):
        memory = io.BytesIO()
        try:
            image.convert(mode).save(memory, kind)
        except OSError:
            continue
        path = os.path.join(directory, f"a.{kind}")
        with open(path, "wb") as f:
            f.write(memory.getvalue())
        try:
            layout.SetImageFile(path)
            t = layout.GetThresholdedImage()
            print(mode, kind, t.size, t.mode, sum(t.convert("L").getdata()) // 255 // 100)
            print(
                [(box["x"] // 8, box["y"] // 8, box["w"] // 8) for _, box in layout.GetRegions()][
                    :4
                ]
            )
        except RuntimeError as e:
            print(mode, kind, type(e).__name__)
for mode in ("1", "L", "RGB", "RGBA"):
    layout.SetImage(image.convert(mode))
    layout.SetRectangle(10, 10, 300, 100)
    t = layout.GetThresholdedImage()
    print(
        mode,
        t.size,
        len(layout.GetConnectedComponents()),
        len(layout.GetStrips()),
        layout.GetThresholdedImageScaleFactor(),
    )
    iterator = layout.AnalyseLayout()
    if iterator:
        for level in (tesserocr.RIL.BLOCK, tesserocr.RIL.PARA, tesserocr.RIL.TEXTLINE):
            iterator.Begin()
            print(
                level,
                iterator.BoundingBox(level) is not None,
                iterator.BlockType(),
                iterator.Orientation()[:2],
                iterator.IsAtBeginningOf(level),
                iterator.Empty(level),
            )
            while iterator.Next(level):
                print(iterator.BoundingBox(level) is not None)
for bad in (lambda: layout.SetImageFile(os.path.join(directory, "none.png")),):
    try:
        print(bad())
    except Exception as e:
        print(type(e).__name__)
for n, damaged in enumerate(
    (
        b"\x89PNG\r\n\x1a\n" + b"x" * 50,
        b"II*\0\x08\0\0\0\xff\xff",
        b"\xff\xd8\xff\xe0" + b"x" * 50,
        b"RIFF\x10\0\0\0WEBPVP8 xxxx",
    )
):
    path = os.path.join(directory, f"bad{n}")
    with open(path, "wb") as f:
        f.write(damaged)
    try:
        layout.SetImageFile(path)
        print("taken")
    except Exception as e:
        print(type(e).__name__)
layout.Clear()
layout.End()
