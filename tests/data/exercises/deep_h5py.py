"""Compound and variable types, filters, virtual and external data, iteration, errors and images in memory."""

import io

import h5py
import numpy

kinds = numpy.dtype([("a", "i4"), ("b", "f8", (3,)), ("c", "S5")])
with h5py.File("x.h5", "w", libver="latest") as file:
    table = file.create_dataset("table", (100,), kinds, maxshape=(None,), chunks=(10,))
    table["a"] = numpy.arange(100)
    table.resize((150,))
    file.create_dataset("ragged", (5,), h5py.vlen_dtype("i8"))[2] = numpy.arange(7)
    file.create_dataset("words", data=["é" * n for n in range(6)], dtype=h5py.string_dtype())
    file.create_dataset(
        "enum", data=numpy.array([0, 1], "i1"), dtype=h5py.enum_dtype({"NO": 0, "YES": 1}, "i1")
    )
    for name, options in (
        (
            "gzip",
            {"compression": "gzip", "compression_opts": 9, "shuffle": True, "fletcher32": True},
        ),
        ("lzf", {"compression": "lzf"}),
        ("szip", {"compression": "szip"}),
        ("scale", {"scaleoffset": 3}),
    ):
        try:
            file.create_dataset(
                name, data=numpy.arange(10000.0).reshape(100, 100), chunks=(20, 20), **options
            )
        except ValueError as e:
            print(name, type(e).__name__)
    for number in range(300):
        group = file.create_group(f"groups/{number % 10}/{number}", track_order=True)
        group.attrs["n"] = number
        group.attrs["text"] = "words"
    file["hard"], file["soft"] = file["gzip"], h5py.SoftLink("/lzf")
    file["outside"] = h5py.ExternalLink("other.h5", "/x")
    file["regions"] = file["gzip"].regionref[2:5, 3]
    file["table"].dims[0].label = "row"
    file["scale_of"] = numpy.arange(150)
    file["scale_of"].make_scale("s")
    file["table"].dims[0].attach_scale(file["scale_of"])
    layout = h5py.VirtualLayout((2, 100, 100), "f8")
    layout[0] = h5py.VirtualSource(file["gzip"])
    file.create_virtual_dataset("virtual", layout, fillvalue=-1)
with h5py.File("other.h5", "w") as file:
    file["x"] = [1, 2, 3]
with h5py.File("x.h5", "r+") as file:
    print(
        sorted(file),
        file["outside"][:].tolist(),
        file["soft"].shape,
        file["virtual"][:, 3, 4].tolist(),
    )
    print(
        file["table"][5],
        file["table"].fields("a")[[1, 3, 140]].tolist(),
        file["ragged"][2].tolist(),
    )
    print(
        [w.decode() for w in file["words"]],
        file["enum"].dtype.metadata,
        file["gzip"][file["gzip"][:] > 9990].tolist(),
    )
    names = []
    file.visititems(lambda name, item: names.append((name, type(item).__name__)))
    print(
        len(names),
        sorted(names)[:3],
        sum(g.attrs["n"] for d in file["groups"].values() for g in d.values()),
    )
    print(
        {
            n: (file[n].compression, file[n].fletcher32, float(file[n][:].sum()))
            for n in ("gzip", "lzf", "scale")
            if n in file
        }
    )
    file.move("hard", "moved")
    file.copy("groups/3", "copied")
    del file["lzf"]
    print(
        len(file["copied"]),
        file["moved"].id.get_num_chunks(),
        file["gzip"].chunks,
        file["table"].dims[0].keys(),
    )
    for bad in (
        lambda: file["nope"],
        lambda: file.create_dataset("gzip", (3,)),
        lambda: file["soft"],
        lambda: file["gzip"][200],
    ):
        try:
            bad()
        except (KeyError, ValueError, OSError, IndexError) as e:
            print(type(e).__name__)
for driver in (
    {"driver": "core", "backing_store": False},
    {"driver": "stdio"},
    {"driver": "split"},
):
    with h5py.File("driver.h5", "w", **driver) as file:
        file["a"] = numpy.ones(1000)
        print(
            driver["driver"],
            file["a"][:].sum(),
            len(file.id.get_file_image()) > 100 if driver["driver"] == "core" else "",
        )
memory = io.BytesIO()
with h5py.File(memory, "w") as file:
    file["x"] = numpy.arange(10)
with h5py.File(memory) as file:
    print(file["x"][:].tolist())
for text in (b"", b"not a file", memory.getvalue()[:200]):
    try:
        h5py.File(io.BytesIO(text), "r")
    except OSError as e:
        print(type(e).__name__)
with h5py.File("swmr.h5", "w", libver="latest") as file:
    data = file.create_dataset("x", (0,), maxshape=(None,), chunks=(10,))
    file.swmr_mode = True
    data.resize((20,))
    data.flush()
    print(file.swmr_mode, data.shape)
