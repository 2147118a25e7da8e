"""Filters, groups, compound and variable types, strings, memory, classic formats and errors of netCDF."""

import netCDF4
import numpy

for form in (
    "NETCDF4",
    "NETCDF4_CLASSIC",
    "NETCDF3_CLASSIC",
    "NETCDF3_64BIT_OFFSET",
    "NETCDF3_64BIT_DATA",
):
    with netCDF4.Dataset("x.nc", "w", format=form) as file:
        file.createDimension("t", None)
        file.createDimension("x", 40)
        options = (
            {"zlib": True, "complevel": 6, "shuffle": True, "fletcher32": True}
            if form.startswith("NETCDF4")
            else {}
        )
        v = file.createVariable("v", "f4", ("t", "x"), fill_value=-9, **options)
        v[0:5, :] = numpy.arange(200).reshape(5, 40)
        v.units, v.scale_factor, v.numbers = "K", 0.5, numpy.arange(5, dtype="i4")
        file.title = "é"
    with netCDF4.Dataset("x.nc", "a") as file:
        file["v"][7, 3] = 4
        print(
            form,
            file.data_model,
            file["v"].shape,
            float(numpy.ma.sum(file["v"][:])),
            file["v"].ncattrs(),
            file.title,
        )
with netCDF4.Dataset("y.nc", "w") as file:
    group = file.createGroup("a/b")
    group.createDimension("n", 10)
    kinds = numpy.dtype([("p", "f8"), ("q", "i4", (2,))])
    compound = group.createCompoundType(kinds, "kinds")
    table = group.createVariable("table", compound, "n")
    table[2] = numpy.array((1.5, [3, 4]), kinds)
    ragged = group.createVariable("ragged", group.createVLType("i8", "rag"), "n")
    ragged[3] = numpy.arange(7)
    words = group.createVariable("words", str, "n")
    words[1] = "wörd"
    enum = group.createVariable("enum", group.createEnumType("u1", "e", {"no": 0, "yes": 1}), "n")
    enum[:] = 1
    for name in ("zlib", "zstd", "bzip2", "szip"):
        try:
            v = group.createVariable(name, "f8", "n", compression=name, least_significant_digit=3)
            v[:] = numpy.linspace(0, 1, 10)
        except (RuntimeError, ValueError) as e:
            print(name, type(e).__name__)
with netCDF4.Dataset("y.nc") as file:
    group = file["a/b"]
    print(
        table.dtype if False else group["table"][2],
        group["ragged"][3].tolist(),
        group["words"][1],
        group["enum"][:3].tolist(),
    )
    for name in group.variables:
        print(name, group[name].filters(), group[name].chunking())
file = netCDF4.Dataset("memory", "w", memory=1000)
file.createDimension("x", 3)
file.createVariable("v", "i4", "x")[:] = [1, 2, 3]
data = file.close()
with netCDF4.Dataset("again", memory=data) as file:
    print(file["v"][:].tolist())
with netCDF4.Dataset("d.nc", "w", diskless=True, persist=True) as file:
    file.createDimension("x", 3)
print(
    netCDF4.MFDataset(["x.nc"], aggdim="t")["v"].shape if False else "",
    netCDF4.num2date(3.5, "days since 2000-01-01"),
    netCDF4.stringtochar(numpy.array(["ab"])).tolist(),
)
for bad in (
    lambda: netCDF4.Dataset("none.nc"),
    lambda: netCDF4.Dataset("bad", memory=b"nonsense"),
    lambda: netCDF4.Dataset("http://127.0.0.1:9/x"),
    lambda: netCDF4.Dataset("x.nc", "w", format="NOPE"),
):
    try:
        bad()
    except (OSError, ValueError, KeyError, RuntimeError) as e:
        print(type(e).__name__)
