# packages: h5py
"""HDF5: groups, datasets with filters, attributes, strings and references."""

import h5py
import numpy

with h5py.File("x.h5", "w") as file:
    group = file.create_group("a/b")
    data = numpy.arange(1000).reshape(10, 100)
    for name, options in (
        ("gzip", {"compression": "gzip"}),
        ("lzf", {"compression": "lzf"}),
        ("plain", {}),
    ):
        group.create_dataset(name, data=data, chunks=(5, 50), **options)
    group.attrs["text"] = "text"
    group.create_dataset("strings", data=["one", "two"], dtype=h5py.string_dtype())
    file["link"] = h5py.SoftLink("/a/b/gzip")
    file.create_dataset("reference", data=file["a"].ref, dtype=h5py.ref_dtype)
with h5py.File("x.h5") as file:
    found = []
    file.visit(found.append)
    print(
        found, file["link"][3, 7], file["a/b/lzf"][2:4, 10:12].tolist(), file["a/b"].attrs["text"]
    )
    print([s.decode() for s in file["a/b/strings"]], file[file["reference"][()]].name)
    try:
        file["nothing"]
    except KeyError as e:
        print(e)
try:
    h5py.File(__file__)
except OSError as e:
    print(str(e)[:60])
