"""Images with compressed clusters, many tables, snapshots, encryption and version 1, by path and by object, by libqcow."""

import hashlib
import io
import os
import struct
import tempfile
import threading
import zlib

import pyqcow

digest = lambda b: hashlib.md5(b).hexdigest()[:10]  # noqa: E731
d = tempfile.mkdtemp()


def deflated(data):
    packer = zlib.compressobj(9, zlib.DEFLATED, -12)
    return packer.compress(data) + packer.flush()


def image(version, bits, clusters, crypt=0, backing=b"", snapshots=0):
    """Every third cluster is plain, compressed, or not there."""
    size, per = 1 << bits, 1 << (bits - 3)
    tables = -(-clusters // per)
    head = struct.pack(
        ">4sIQIIQIIQQIIQ",
        *(b"QFI\xfb", version, 200 if backing else 0, len(backing), bits, size * clusters),
        *(crypt, tables, size, 0, 0, snapshots, (2 + tables) * size if snapshots else 0),
    )
    if version == 3:
        head += struct.pack(">QQQII", 0, 0, 0, 4, 104)
    out = bytearray(head.ljust(200, b"\0") + backing).ljust((2 + tables) * size, b"\0")
    if snapshots:
        record = struct.pack(">QIHHIIQII", size, tables, 1, 3, 7, 9, 5, 0, 0) + b"1abc"
        out += (record.ljust(48, b"\0") * snapshots).ljust(size, b"\0")
    for n in range(tables):
        struct.pack_into(">Q", out, size + 8 * n, (2 + n) * size | 1 << 63)
    shift = 62 - (bits - 8)
    for n in range(clusters):
        data = bytes((n + i * i) % 251 for i in range(256)) * (size // 256)
        if n % 3 == 0:
            out.extend(bytes(-len(out) % size))
            entry = len(out) | 1 << 63
            out += data
        elif n % 3 == 1:
            packed = deflated(data)
            entry = len(out) | (len(packed) // 512 + 1) << shift | 1 << 62
            out += packed
        else:
            entry = 0
        struct.pack_into(">Q", out, 2 * size + 8 * n, entry)
    return bytes(out.ljust(-(-len(out) // size) * size + size, b"\0"))


def one(size, bits=12, l2=9, crypt=0):
    """An image of version 1."""
    head = struct.pack(">4sIQIIQBBHIQ", b"QFI\xfb", 1, 0, 0, 77, size, bits, l2, 0, crypt, 48)
    out = bytearray(head).ljust(8192, b"\0")
    struct.pack_into(">Q", out, 48, 4096)
    struct.pack_into(">QQ", out, 4096, 8192, 0)
    return bytes(out) + bytes(i % 249 for i in range(4096)) * 4


images = {
    "small": image(2, 9, 40),
    "twelve": image(2, 12, 700),
    "usual": image(2, 16, 30),
    "three": image(3, 16, 9),
    "crypt": image(2, 12, 20, crypt=1),
    "backed": image(2, 12, 20, backing=b"/some/where.img"),
    "snaps": image(2, 12, 20, snapshots=3),
    "big": image(2, 21, 5),
    "one": one(30000),
    "onecrypt": one(30000, crypt=1),
    "strange": one(1 << 40, 12, 12),
}


def ask(name, f, calls):
    for call in calls:
        try:
            said = call(f)
            print(name, digest(said) if isinstance(said, bytes) and len(said) > 30 else said)
        except Exception as e:
            print(name, type(e).__name__)


for name, raw in images.items():
    path = os.path.join(d, name)
    open(path, "wb").write(raw)
    for way in ("path", "object", "again"):
        f = pyqcow.file()
        if name.endswith("crypt"):
            ask(name, f, [lambda f: f.set_password("0123456789abcdef")])
        opened = (
            (lambda f: f.open(path))
            if way == "path"
            else lambda f: f.open_file_object(io.BytesIO(raw))
        )
        ask(
            name + way,
            f,
            (
                lambda f: pyqcow.check_file_signature(path),
                opened,
                lambda f: f.get_media_size(),
                lambda f: f.get_backing_filename(),
                lambda f: f.is_locked(),
                lambda f: f.read(100000),
                lambda f: f.read_buffer_at_offset(9000, 4090),
                lambda f: [f.read_buffer_at_offset(3, o).hex() for o in range(0, 20000, 1777)],
                lambda f: f.seek(-700, os.SEEK_END),
                lambda f: len(f.read()),
                lambda f: f.tell(),
                lambda f: f.seek(1 << 60),
                lambda f: f.read_buffer(5),
                lambda f: f.read_buffer_at_offset(-1, 0),
                lambda f: f.read_buffer_at_offset(5, -1),
                opened,
                lambda f: f.close(),
                lambda f: f.close(),
            ),
        )
seen = []


def work(name):
    f = pyqcow.open(os.path.join(d, name))
    total = hashlib.md5()
    for _ in range(30):
        f.seek(0)
        total.update(f.read(50000))
    seen.append((name, total.hexdigest()[:8]))


threads = [
    threading.Thread(target=work, args=(n,)) for n in ("small", "twelve", "usual", "one") * 2
]
for t in threads:
    t.start()
for t in threads:
    t.join()
print(sorted(seen))
shared = pyqcow.open(os.path.join(d, "twelve"))
reads = []
threads = [
    threading.Thread(
        target=lambda n: reads.append((n, digest(shared.read_buffer_at_offset(20000, n * 4096)))),
        args=(n,),
    )
    for n in range(12)
]
for t in threads:
    t.start()
for t in threads:
    t.join()
print(sorted(reads))
raw = images["twelve"]
for at in [
    *range(4, 104, 4),
    *range(4096, 4200, 8),
    *range(8192, 8300, 8),
    *range(20000, 30000, 999),
]:
    broken = bytearray(raw)
    broken[at : at + 4] = b"\xf3\xff\x0f\x77"
    f = pyqcow.file()
    try:
        f.open_file_object(io.BytesIO(bytes(broken)))
        print(at, f.get_media_size() > 0, digest(f.read_buffer_at_offset(30000, 0)))
    except Exception as e:
        print(at, type(e).__name__)
try:
    pyqcow.open("/no/such")
except Exception as e:
    print(type(e).__name__)
