"""HDF4 files of data sets, attributes, dimensions, tables and groups, written, read and damaged."""

import os
import tempfile

import numpy
from pyhdf import VS, V  # noqa: F401
from pyhdf.error import HDF4Error
from pyhdf.HDF import HC, HDF, ishdf
from pyhdf.SD import SD, SDC

with tempfile.TemporaryDirectory() as directory:
    path = os.path.join(directory, "a.hdf")
    sd = SD(path, SDC.WRITE | SDC.CREATE | SDC.TRUNC)
    sd.author = "täg".encode("ascii", "replace").decode()
    for name, kind, np in (
        ("f", SDC.FLOAT32, "f4"),
        ("d", SDC.FLOAT64, "f8"),
        ("i", SDC.INT32, "i4"),
        ("s", SDC.INT16, "i2"),
        ("u", SDC.UINT8, "u1"),
    ):
        sds = sd.create(name, kind, (20, 30))
        if name in "di":
            sds.setcompress(SDC.COMP_DEFLATE, 6)
        if name == "s":
            sds.setcompress(SDC.COMP_SKPHUFF, 2)
        if name == "u":
            sds.setcompress(SDC.COMP_RLE)
        sds[:] = (numpy.arange(600).reshape(20, 30) % 200).astype(np)
        sds.units, sds.scale = "m", [1.5, 2.5]
        sds.setrange(0, 100)
        sds.setcal(1.5, 0.1, 2.5, 0.2, SDC.FLOAT32) if name == "i" else None
        sds.dim(0).setname("rows")
        sds.dim(1).setname("columns" + name)
        sds.setfillvalue(7)
        sds.endaccess()
    grow = sd.create("grow", SDC.INT32, (SDC.UNLIMITED, 4))
    for i in range(6):
        grow[i] = numpy.arange(4, dtype="i4") * numpy.int32(i)
    grow.endaccess()
    sd.end()
    sd = SD(path)
    print(sd.info(), sd.attributes(), sorted(sd.datasets().items()))
    for name in "fdisu":
        sds = sd.select(name)
        print(sds.info(), sds.attributes(), int(sds[:].astype("i8").sum()), sds[2:5, ::10].tolist())
        print(sds.dimensions(), sds.getrange(), sds.getfillvalue())
        sds.endaccess()
    print(sd.select("grow")[:].tolist(), sd.select("grow").isrecord(), sd.select("i").getcal())
    for bad in (
        lambda: sd.select("none"),
        lambda: sd.select("f")[50],
        lambda: sd.select(99),
        lambda: SD("/no/such"),
        lambda: sd.create("x", SDC.INT8, (2,)),
    ):
        try:
            print(bad() is None)
        except (HDF4Error, IndexError) as e:
            print(type(e).__name__)
    sd.end()
    table = os.path.join(directory, "t.hdf")
    f = HDF(table, HC.WRITE | HC.CREATE)
    vs = f.vstart()
    vd = vs.create("people", (("name", HC.CHAR8, 10), ("age", HC.INT32, 1), ("xy", HC.FLOAT64, 2)))
    vd.attr("made").set(HC.INT32, [1, 2, 3])
    for i in range(20):
        vd.write([[f"n{i}".ljust(10), i, [i / 2, i * 2.0]]])
    vd.detach()
    v = f.vgstart()
    group = v.create("group")
    group._class = "kind"
    group.insert(vs.attach("people"))
    group.detach()
    v.end()
    vs.end()
    f.close()
    print(ishdf(table), ishdf(path), ishdf(__file__))
    f = HDF(table)
    vs, v = f.vstart(), f.vgstart()
    vd = vs.attach("people")
    print(vd.inquire(), vd.read(3), vd.fieldinfo()[0][:3], vd.attrinfo())
    vd.seek(15)
    print(vd.read(2))
    vd.detach()
    group = v.attach(v.find("group"))
    print(group._name, group._class, [tag for tag, _ in group.tagrefs()])
    group.detach()
    try:
        vs.attach("none")
    except HDF4Error as e:
        print(type(e).__name__)
    v.end()
    vs.end()
    f.close()
    data = open(path, "rb").read()
    for name, damaged in (("short", data[:100]), ("empty", b""), ("garbage", b"garbage" * 99)):
        with open(path, "wb") as out:
            out.write(damaged)
        try:
            print(name, SD(path).info())
        except HDF4Error as e:
            print(name, type(e).__name__)
