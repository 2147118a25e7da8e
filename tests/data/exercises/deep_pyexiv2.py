"""Exif, IPTC, XMP, ICC, comments and thumbnails of JPEG, PNG, TIFF and WebP files, and errors, by pyexiv2."""

import struct
import zlib

import pyexiv2

pyexiv2.set_log_level(4)


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


jpeg = bytes.fromhex(
    "ffd8ffe000104a46494600010100000100010000ffdb004300"
    + "10" * 64
    + "ffc0000b080008000801011100ffc40014000100000000000000000000000000000009ffc40014100100000000000000000000000000000000ffda0008010100003f00549fffd9"
)
png = (
    b"\x89PNG\r\n\x1a\n"
    + chunk(b"IHDR", struct.pack(">IIBBBBB", 4, 4, 8, 0, 0, 0, 0))
    + chunk(b"IDAT", zlib.compress(bytes(20)))
    + chunk(b"IEND", b"")
)
tiff = (
    b"II*\0\x08\0\0\0"
    + struct.pack("<H", 6)
    + b"".join(
        struct.pack("<HHII", *t)
        for t in (
            (256, 3, 1, 1),
            (257, 3, 1, 1),
            (258, 3, 1, 8),
            (262, 3, 1, 1),
            (273, 4, 1, 86),
            (279, 4, 1, 1),
        )
    )
    + bytes(5)
)
webp = bytes.fromhex("524946461a000000574542505650384c0d0000002f00000010071011118888fe0700")
for name, data in (("jpeg", jpeg), ("png", png), ("tiff", tiff), ("webp", webp)):
    try:
        with pyexiv2.ImageData(data) as i:
            print(
                name,
                i.get_mime_type(),
                i.get_pixel_width(),
                i.get_pixel_height(),
                i.get_access_mode(),
            )
            for modify, value in (
                (
                    i.modify_exif,
                    {
                        "Exif.Image.Make": "Maker é",
                        "Exif.Photo.UserComment": "charset=Unicode hello",
                        "Exif.GPSInfo.GPSLatitude": "52/1 30/1 0/1",
                        "Exif.Photo.ExposureTime": "1/250",
                        "Exif.Image.Artist": "a" * 500,
                    },
                ),
                (
                    i.modify_iptc,
                    {
                        "Iptc.Application2.Keywords": ["one", "two", "three"],
                        "Iptc.Application2.Caption": "cap",
                    },
                ),
                (
                    i.modify_xmp,
                    {
                        "Xmp.dc.title": {'lang="x-default"': "T", 'lang="de"': "U"},
                        "Xmp.dc.subject": ["a", "b"],
                        "Xmp.xmp.Rating": "5",
                        "Xmp.xmp.CreateDate": "2026-01-02T03:04:05",
                    },
                ),
                (i.modify_comment, "comment text"),
                (i.modify_icc, b"\0" * 36 + b"acsp" + bytes(100)),
            ):
                try:
                    modify(value)
                except Exception as e:
                    print(name, modify.__name__, type(e).__name__)
            out = i.get_bytes()
        with pyexiv2.ImageData(out) as i:
            print({k: v[:60] for k, v in i.read_exif().items()}, i.read_iptc(), i.read_xmp())
            print(
                len(i.read_raw_xmp()) > 100,
                i.read_comment(),
                len(i.read_icc()),
                sorted(i.read_exif_detail().items())[:1]
                and sorted(d["typeName"] for d in i.read_exif_detail().values()),
                len(i.read_thumbnail()),
            )
            i.modify_exif({"Exif.Image.Artist": None, "Exif.Image.Orientation": 6})
            i.modify_xmp({"Xmp.dc.subject": None})
            print("Exif.Image.Artist" in i.read_exif(), sorted(i.read_xmp()))
            i.clear_exif()
            i.clear_xmp()
            i.clear_iptc()
            print(i.read_exif(), i.read_iptc(), i.read_xmp(), len(i.get_bytes()) > 20)
    except Exception as e:
        print(name, type(e).__name__)
pyexiv2.registerNs("a/b/c", "Ns1")
with pyexiv2.ImageData(jpeg) as i:
    i.modify_xmp({"Xmp.Ns1.mytag": "x"})
    print(i.read_xmp())
    print(
        pyexiv2.convert_exif_to_xmp({"Exif.Image.Artist": "A", "Exif.Image.Rating": "4"}),
        pyexiv2.convert_xmp_to_exif({"Xmp.dc.creator": ["B"]}),
        pyexiv2.convert_iptc_to_xmp({"Iptc.Application2.Caption": "c"}),
    )
    for bad in (
        lambda: i.modify_exif({"Exif.No.Such": "1"}),
        lambda: i.modify_xmp({"Xmp.none.x": "1"}),
        lambda: i.modify_raw_xmp("<broken"),
        lambda: i.modify_exif({"Exif.Image.Orientation": "abc"}),
        lambda: i.modify_thumbnail(b"x"),
        lambda: pyexiv2.ImageData(b"garbage"),
        lambda: pyexiv2.ImageData(jpeg[:12]).read_exif(),
        lambda: pyexiv2.Image("/nowhere.jpg"),
        lambda: pyexiv2.registerNs("d", "Ns1"),
    ):
        try:
            print(bad() is None)
        except Exception as e:
            print(type(e).__name__)
