"""A FAT file system and partitions made here: directories, files, metadata and faults, by The Sleuth Kit."""

import os
import struct
import tempfile

import pytsk3

path = os.path.join(tempfile.mkdtemp(), "a.img")
boot = (
    bytearray(
        b"\xeb\x3c\x90MSDOS5.0"
        + struct.pack("<HBHBHHBHHHII", 512, 1, 1, 2, 112, 2880, 0xF0, 9, 18, 2, 0, 0)
        + struct.pack("<BBBI", 0, 0, 0x29, 77)
        + b"LABEL      FAT12   "
    ).ljust(510, b"\0")
    + b"\x55\xaa"
)
fat = (b"\xf0\xff\xff" + b"\xff\x4f\x00" + b"\xff\xff\xff").ljust(9 * 512, b"\0")


def entry(name, kind, at, size):
    return name + bytes([kind]) + bytes(10) + struct.pack("<HHHI", 0x6020, 0x5021, at, size)


root = (
    entry(b"LABEL      ", 8, 0, 0)
    + entry(b"FILE    TXT", 32, 2, 700)
    + entry(b"DIR        ", 16, 5, 0)
    + entry(b"\xe5ONE    TXT", 32, 6, 30)
).ljust(7168, b"\0")
data = {
    2: b"text " * 100,
    5: entry(b".          ", 16, 5, 0)
    + entry(b"..         ", 16, 0, 0)
    + entry(b"IN      BIN", 33, 6, 9),
    6: b"inner one",
}
disk = (
    bytes(boot)
    + fat
    + fat
    + root
    + b"".join(data.get(i, b"").ljust(512, b"\0") for i in range(2, 40))
).ljust(2880 * 512, b"\0")
mbr = bytearray(512)
mbr[446:462] = struct.pack("<B3sB3sII", 0x80, b"\1\1\0", 1, b"\1\1\0", 8, 2880)
mbr[510:] = b"\x55\xaa"
for raw, offset in (
    (disk, 0),
    (bytes(mbr) + bytes(7 * 512) + disk, 8 * 512),
    (disk[:3000], 0),
    (bytes(9000), 0),
    (disk[:600] + b"\xaa" * 4000 + disk[4600:], 0),
):
    open(path, "wb").write(raw)
    image = pytsk3.Img_Info(path)
    print(image.get_size(), len(image.read(100, 50)))
    try:
        for part in pytsk3.Volume_Info(image):
            print(part.addr, part.desc, part.start, part.len, part.flags)
    except Exception as e:
        print(type(e).__name__)
    try:
        fs = pytsk3.FS_Info(image, offset)
        print(
            fs.info.ftype,
            fs.info.block_size,
            fs.info.first_inum,
            fs.info.last_inum,
            fs.info.block_count,
        )
        for f in [*fs.open_dir("/"), *fs.open_dir("/DIR")]:
            m = f.info.meta
            print(
                f.info.name.name,
                m and (m.addr, m.type, m.size, m.mtime, m.flags, m.mode),
                [(a.info.type, a.info.size, [(r.addr, r.len) for r in a]) for a in f],
            )
        f = fs.open("/FILE.TXT")
        print(
            f.read_random(0, 30),
            len(f.read_random(400, 300)),
            fs.open_meta(inode=fs.open("/DIR/IN.BIN").info.meta.addr).read_random(0, 9),
        )
    except Exception as e:
        print(type(e).__name__)
