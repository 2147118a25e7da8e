"""Descriptors and extents made here, flat and sparse, and broken ones, by libvmdk."""

import os
import struct
import tempfile

import pyvmdk

d = tempfile.mkdtemp()
descriptor = """# Disk DescriptorFile
version=1
CID=12345678
parentCID=ffffffff
createType="%s"

# Extent description
%s

# The Disk Data Base
#DDB
ddb.adapterType = "ide"
ddb.geometry.cylinders = "4"
"""
open(os.path.join(d, "flat.bin"), "wb").write(bytes(i % 253 for i in range(128 * 512)))
grains = bytearray(
    b"KDMV" + struct.pack("<IIQQQQIQQQB4sH", 1, 3, 128, 16, 0, 0, 512, 0, 1, 8, 0, b"\n \r\n", 0)
).ljust(512, b"\0")
grains += struct.pack("<I", 2).ljust(512, b"\0") + struct.pack(
    "<8I", 6, 0, 22, 0, 0, 0, 0, 0
).ljust(2048, b"\0")
grains += bytes(512) + bytes(i % 241 for i in range(8192)) + b"grain!!!" * 1024
open(os.path.join(d, "sparse.vmdk"), "wb").write(grains)
cases = {
    "a.vmdk": descriptor % ("monolithicFlat", 'RW 128 FLAT "flat.bin" 0'),
    "b.vmdk": descriptor % ("twoGbMaxExtentFlat", 'RW 64 FLAT "flat.bin" 0\nRW 64 ZERO'),
    "c.vmdk": descriptor % ("monolithicSparse", 'RW 128 SPARSE "sparse.vmdk"'),
    "d.vmdk": descriptor % ("monolithicFlat", 'RW 128 FLAT "none.bin" 0'),
    "e.vmdk": descriptor % ("strange", "what"),
    "f.vmdk": "# Disk DescriptorFile\n",
    "g.vmdk": "",
}
for name, text in cases.items():
    path = os.path.join(d, name)
    open(path, "w").write(text)
    h = pyvmdk.handle()
    for call in (
        lambda: pyvmdk.check_file_signature(path),
        lambda: h.open(path),
        lambda: h.open_extent_data_files(),
        lambda: h.get_media_size(),
        lambda: h.get_disk_type(),
        lambda: h.get_content_identifier(),
        lambda: h.get_parent_content_identifier(),
        lambda: h.get_parent_filename(),
        lambda: [(e.type, e.range, e.filename) for e in h.extent_descriptors],
        lambda: h.read(12).hex(),
        lambda: h.seek(32000),
        lambda: sum(h.read_buffer(5000)),
        lambda: h.read_buffer_at_offset(9, 20000).hex(),
        lambda: h.get_offset(),
        lambda: h.close(),
        lambda: h.read(1),
    ):
        try:
            print(name, call())
        except Exception as e:
            print(name, type(e).__name__)
