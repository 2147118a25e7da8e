"""Compressed streams, many grains and extents, deltas with parents, ESX disks, and broken files, by libvmdk."""

import hashlib
import os
import struct
import tempfile
import threading
import zlib

import pyvmdk

digest = lambda b: hashlib.md5(b).hexdigest()[:10]  # noqa: E731
d = tempfile.mkdtemp()
TEXT = """# Disk DescriptorFile
version=%d
encoding="%s"
CID=%s
parentCID=%s
isNativeSnapshot="no"
createType="%s"
%s
# Extent description
%s

# The Disk Data Base
#DDB

ddb.virtualHWVersion = "4"
ddb.geometry.cylinders = "16383"
ddb.uuid = "60 00 C2 9e"
"""


def text(kind, extents, cid="fffffffe", parent="ffffffff", hint="", version=1, encoding="UTF-8"):
    return TEXT % (version, encoding, cid, parent, kind, hint, "\n".join(extents))


def content(n):
    return bytes((n * 7 + i * i) % 251 for i in range(256)) * 256


def sparse(grains, packed=False, inside=None):
    """Sectors of 512, grains of 128 of them, tables of 512 entries; every third grain is missing."""
    flags = 0x30001 if packed else 1
    tables = -(-grains // 512)
    about = (inside or "").encode()
    descriptor = (1, 20) if inside else (0, 0)
    data = 21 + 20 + 4 * tables
    head = b"KDMV" + struct.pack(
        "<IIQQQQIQQQB4sH",
        *(3 if packed else 1, flags, grains * 128, 128, *descriptor, 512, 0, 21, data, 0),
        *(b"\n \r\n", 1 if packed else 0),
    )
    out = bytearray(head.ljust(512, b"\0") + about.ljust(20 * 512, b"\0"))
    out += struct.pack(f"<{tables}I", *(41 + 4 * n for n in range(tables))).ljust(20 * 512, b"\0")
    table, body = [0] * (512 * tables), bytearray()
    for n in range(grains):
        if n % 3 == 2:
            continue
        body += bytes(-len(body) % 512)
        table[n] = data + len(body) // 512
        block = zlib.compress(content(n))
        body += struct.pack("<QI", n * 128, len(block)) + block if packed else content(n)
    out += struct.pack(f"<{len(table)}I", *table)
    return bytes(out) + bytes(body) + bytes(1024)


def cowd(grains):
    """An older sparse file: grains of one sector, tables of 4096 entries."""
    head = b"COWD" + struct.pack("<IIIIIII", 1, 1, grains, 1, 4, 1, 100)
    out = bytearray(head.ljust(4 * 512, b"\0") + struct.pack("<I", 5).ljust(512, b"\0"))
    table = [40 + n if n % 2 else 0 for n in range(grains)]
    out += struct.pack(f"<{grains}I", *table).ljust(4096 * 4, b"\0")
    out = out.ljust(40 * 512, b"\0")
    return bytes(out) + b"".join(content(n)[:512] for n in range(grains))


def put(name, data):
    path = os.path.join(d, name)
    open(path, "wb").write(data.encode() if isinstance(data, str) else data)
    return path


put("flat1.bin", content(1) * 2), put("flat2.bin", content(2)), put("s.vmdk", sparse(700))
put("z.vmdk", sparse(40, True)), put("cowd.vmdk", cowd(300)), put("täxt.bin", content(5))
cases = {
    "inside": sparse(60, inside=text("monolithicSparse", ['RW 7680 SPARSE "inside"'])),
    "stream": sparse(45, True, text("streamOptimized", ['RDONLY 5760 SPARSE "stream"'])),
    "many": text(
        "custom",
        [
            'RW 256 FLAT "flat1.bin" 0',
            "RW 1000 ZERO",
            'RW 100 FLAT "flat2.bin" 28',
            'NOACCESS 10 FLAT "no.bin" 0',
            'RW 89600 SPARSE "s.vmdk"',
        ],
    ),
    "split": text(
        "twoGbMaxExtentFlat", [f'RW 64 FLAT "flat{1 + n % 2}.bin" {n}' for n in range(60)]
    ),
    "large": text("monolithicSparse", ['RW 89600 SPARSE "s.vmdk"']),
    "packed": text("streamOptimized", ['RW 5120 SPARSE "z.vmdk"']),
    "cow": text("vmfsSparse", ['RW 300 VMFSSPARSE "cowd.vmdk"']),
    "esx": text("vmfs", ['RW 128 VMFS "flat2.bin"']),
    "rdm": text("vmfsRawDeviceMap", ['RW 128 VMFSRDM "flat2.bin"']),
    "device": text("fullDevice", ['RW 128 FLAT "/dev/null" 0']),
    "name": text("monolithicFlat", ['RW 128 FLAT "täxt.bin" 0'], encoding="UTF-8"),
    "latin": text("monolithicFlat", ['RW 128 FLAT "flat2.bin" 0'], encoding="windows-1252"),
    "delta": text(
        "monolithicSparse",
        ['RW 89600 SPARSE "s.vmdk"'],
        "12",
        "fffffffe",
        'parentFileNameHint="many"',
    ),
    "v3": text("monolithicFlat", ['RW 128 FLAT "flat2.bin" 0'], version=3),
    "badcid": text("monolithicFlat", ['RW 128 FLAT "flat2.bin" 0'], cid="xyz"),
    "nosize": text("monolithicFlat", ['RW x FLAT "flat2.bin" 0']),
    "short": text("monolithicFlat", ['RW 99999 FLAT "flat2.bin" 0']),
}


def ask(name, calls):
    for call in calls:
        try:
            said = call()
            print(name, digest(said) if isinstance(said, bytes) and len(said) > 30 else said)
        except Exception as e:
            print(name, type(e).__name__)


for name, data in cases.items():
    path = put(name, data)
    for way in ("path", "objects"):
        h = pyvmdk.handle()
        files = [open(os.path.join(d, n), "rb") for n in ("flat2.bin", "flat2.bin", "flat2.bin")]
        ask(
            name,
            (
                lambda: pyvmdk.check_file_signature(path),
                (lambda: h.open(path))
                if way == "path"
                else lambda: h.open_file_object(open(path, "rb")),
                (lambda: h.open_extent_data_files())
                if way == "path"
                else lambda: h.open_extent_data_files_as_file_objects(files[: h.number_of_extents]),
                lambda: (h.media_size, h.disk_type, h.content_identifier),
                lambda: (h.parent_content_identifier, h.parent_filename, h.number_of_extents),
                lambda: [
                    (e.type, e.filename, e.offset, e.size)
                    for e in map(h.get_extent_descriptor, range(min(h.number_of_extents, 6)))
                ],
                lambda: h.get_extent_descriptor(99),
                lambda: h.read_buffer(150000),
                lambda: h.read_buffer_at_offset(70000, 65500),
                lambda: [h.read_buffer_at_offset(2, o).hex() for o in range(0, 400000, 33333)],
                lambda: h.seek(-3000, 2),
                lambda: len(h.read_buffer(9000)),
                lambda: h.get_offset(),
                lambda: h.seek(1 << 62),
                lambda: h.read_buffer(1),
                lambda: h.read_buffer(-1),
                lambda: h.signal_abort(),
                lambda: h.close(),
                lambda: h.media_size,
            ),
        )
parent, child = pyvmdk.handle(), pyvmdk.handle()
ask(
    "delta",
    (
        lambda: parent.open(os.path.join(d, "many")),
        lambda: parent.open_extent_data_files(),
        lambda: child.open(os.path.join(d, "delta")),
        lambda: child.open_extent_data_files(),
        lambda: child.set_parent(parent),
        lambda: child.read_buffer_at_offset(400000, 0),
        lambda: child.read_buffer_at_offset(65536, 2 * 65536),
        lambda: child.set_parent(None),
        lambda: child.read_buffer_at_offset(65536, 2 * 65536),
        lambda: child.close(),
        lambda: parent.close(),
    ),
)
found = []


def work(name):
    h = pyvmdk.handle()
    h.open(os.path.join(d, name))
    h.open_extent_data_files()
    total = hashlib.md5()
    for n in range(40):
        total.update(h.read_buffer_at_offset(66000, n * 60000))
    h.close()
    found.append((name, total.hexdigest()[:8]))


threads = [threading.Thread(target=work, args=(n,)) for n in ("large", "packed", "inside") * 2]
for t in threads:
    t.start()
for t in threads:
    t.join()
print(sorted(found))
whole = cases["stream"]
for at in [*range(4, 80, 4), *range(21 * 512, 21 * 512 + 40, 4), *range(41 * 512, 43 * 512, 100)]:
    broken = bytearray(whole)
    broken[at : at + 4] = b"\xf3\xff\x0f\x77"
    path = put("broken", bytes(broken))
    h = pyvmdk.handle()
    try:
        h.open(path)
        h.open_extent_data_files()
        print(at, h.media_size > 0, digest(h.read_buffer_at_offset(200000, 0)))
    except Exception as e:
        print(at, type(e).__name__)
