# packages: netcdf4
"""netCDF and HDF5: dimensions, compressed variables and attributes, in both formats."""

import netCDF4
import numpy

for form in ("NETCDF4", "NETCDF3_CLASSIC"):
    with netCDF4.Dataset("x.nc", "w", format=form) as data:
        data.createDimension("x", 100)
        options = {"zlib": True} if form == "NETCDF4" else {}
        variable = data.createVariable("v", "f8", ("x",), **options)
        variable[:] = numpy.arange(100) / 3
        variable.units = "m"
    with netCDF4.Dataset("x.nc") as data:
        print(
            form,
            data.variables["v"].units,
            round(float(data["v"][50]), 6),
            data.dimensions["x"].size,
        )
try:
    netCDF4.Dataset(__file__)
except OSError as e:
    print(e.errno)
