"""Images made here, plain, encrypted and broken: sizes, reading and seeking, by libqcow."""

import io
import struct

import pyqcow


def image(version=2, crypt=0, bits=16):
    size = 1 << bits
    head = struct.pack(
        ">4sIQIIQIIQQIIQ", b"QFI\xfb", version, 0, 0, bits, 4 * size, crypt, 1, size, 0, 0, 0, 0
    )
    if version == 3:
        head += struct.pack(">QQQII", 0, 0, 0, 4, 104)
    l1 = struct.pack(">Q", 2 * size | 1 << 63)
    l2 = struct.pack(">QQQQ", 3 * size | 1 << 63, 0, 4 * size | 1 << 63, 0)
    return (
        head.ljust(size, b"\0")
        + l1.ljust(size, b"\0")
        + l2.ljust(size, b"\0")
        + bytes(i % 251 for i in range(size))
        + b"second" * (size // 6)
        + b"\0" * (size % 6)
    )


for raw in (
    image(),
    image(3),
    image(2, 1),
    image(bits=12),
    image()[:100000],
    image(9),
    image()[:50],
    b"no",
    image().replace(b"second", b"third!"),
):
    f = pyqcow.file()
    for call in (
        lambda: pyqcow.check_file_signature_file_object(io.BytesIO(raw)),
        lambda: f.set_password("secret"),
        lambda: f.set_keys(b"k" * 16),
        lambda: f.open_file_object(io.BytesIO(raw)),
        lambda: f.get_media_size(),
        lambda: f.get_format_version(),
        lambda: f.get_encryption_method(),
        lambda: f.get_backing_filename(),
        lambda: f.get_number_of_snapshots(),
        lambda: f.read(20),
        lambda: f.seek(-30, 2),
        lambda: len(f.read()),
        lambda: f.seek(131070),
        lambda: f.read_buffer(20),
        lambda: f.read_buffer_at_offset(10, 65530),
        lambda: f.get_offset(),
        lambda: f.is_locked(),
        lambda: f.seek(-5),
        lambda: f.signal_abort(),
        lambda: f.close(),
        lambda: f.read(3),
    ):
        try:
            print(call())
        except Exception as e:
            print(type(e).__name__)
