"""Barcodes of all formats written and read again, binarizers, rotations and errors of ZXing."""

import numpy
import zxingcpp

for name, text in (
    ("QRCode", "https://example.org/é?x=1"),
    ("DataMatrix", "data matrix 123"),
    ("Aztec", "aztec text"),
    ("PDF417", "pdf four seventeen"),
    ("Code128", "CODE-128"),
    ("Code39", "CODE39"),
    ("EAN13", "5901234123457"),
    ("EAN8", "96385074"),
    ("ITF", "12345678"),
    ("UPCA", "012345678905"),
    ("Codabar", "A123456B"),
):
    format_ = getattr(zxingcpp.BarcodeFormat, name)
    try:
        image = numpy.array(
            zxingcpp.create_barcode(text, format_).to_image(scale=4, add_quiet_zones=True)
        )
    except Exception as e:
        print(name, type(e).__name__)
        continue
    for turned in (image, numpy.rot90(image).copy(), 255 - image):
        for binarizer in (zxingcpp.Binarizer.LocalAverage, zxingcpp.Binarizer.GlobalHistogram):
            found = zxingcpp.read_barcodes(turned, binarizer=binarizer, try_invert=True)
            print(name, [(b.text, b.format == format_, b.valid, b.orientation) for b in found])
    print(zxingcpp.read_barcode(image, formats=format_).bytes)
noise = numpy.random.default_rng(1).integers(0, 255, (400, 400), dtype="u1")
print(len(zxingcpp.read_barcodes(noise)), zxingcpp.read_barcode(noise))
for bad in (
    lambda: zxingcpp.create_barcode("x", zxingcpp.BarcodeFormat.EAN13),
    lambda: zxingcpp.read_barcode(7),
    lambda: zxingcpp.create_barcode("", zxingcpp.BarcodeFormat.QRCode),
):
    try:
        print(bad() is None)
    except Exception as e:
        print(type(e).__name__)
