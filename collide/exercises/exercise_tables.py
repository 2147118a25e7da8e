# packages: tables
"""HDF5 with the Blosc filters: tables, arrays and queries."""

import numpy
import tables

with tables.open_file("x.h5", "w") as file:
    for number, name in enumerate(("zlib", "blosc", "blosc2", "bzip2")):
        filters = tables.Filters(complevel=5, complib=name)
        array = file.create_carray("/", f"a{number}", obj=numpy.arange(5000), filters=filters)
        print(name, int(array[4321]))
    table = file.create_table("/", "t", {"n": tables.Int32Col(), "x": tables.Float64Col()})
    table.append([(i, i / 7) for i in range(1000)])
    table.flush()
    table.cols.n.create_index()
    print(len(table.read_where("(n > 100) & (x < 30)")), [n._v_name for n in file.list_nodes("/")])
try:
    tables.open_file(__file__)
except tables.HDF5ExtError as e:
    print(type(e).__name__)
