"""Bar codes of many kinds as SVG and bitmaps, their sizes, and errors, by Zint."""

import re

from pyzint import Barcode

for kind, text in (
    ("CODE128", "Hello 123"),
    ("CODE39", "CODE39"),
    ("EANX", "501234567890"),
    ("UPCA", "01234567890"),
    ("QRCODE", "https://example.org/täg"),
    ("DATAMATRIX", "data matrix 123456"),
    ("AZTEC", "aztec"),
    ("PDF417", "pdf417 text that is longer"),
    ("MAXICODE", "maxicode"),
    ("ITF14", "1234567890123"),
    ("ISBNX", "9783161484100"),
    ("CODABAR", "A123456B"),
    ("KIX", "1234AB56"),
    ("RSS14", "1234567890123"),
    ("HANXIN", "hanxin"),
    ("DOTCODE", "dot code"),
    ("MICROQR", "12345"),
):
    code = getattr(Barcode, kind)(text)
    svg = code.render_svg().decode()
    print(
        kind,
        code.symbology_name,
        len(re.findall("<rect|<path|<circle|<polygon", svg)) > 0,
        svg.rstrip()[-6:],
    )
    bitmap = code.render_bmp()
    print(bitmap[:2], len(bitmap) > 200, len(bitmap) == len(code.render_bmp()))
    again = getattr(Barcode, kind)(text, scale=2.0)
    print(len(again.render_bmp()) > len(bitmap))
for kind, text in (
    ("EANX", "not digits"),
    ("CODE39", ""),
    ("UPCA", "1" * 50),
    ("QRCODE", "x" * 9000),
    ("ISBNX", "123"),
    ("CODABAR", "zzz"),
):
    try:
        print(len(getattr(Barcode, kind)(text).render_svg()))
    except Exception as e:
        print(kind, type(e).__name__)
codes = [Barcode.QRCODE(f"n{i}") for i in range(50)]
print(sum(len(c.render_bmp()) > 0 for c in codes[::3]))
del codes
