# packages: rasterio
"""GDAL, PROJ and the image codecs: rasters written, read and warped."""

import numpy
import rasterio
from rasterio.transform import from_origin
from rasterio.warp import calculate_default_transform

data = numpy.arange(64 * 64, dtype=numpy.uint8).reshape(1, 64, 64)
place = {"crs": "EPSG:4326", "transform": from_origin(9, 48, 0.1, 0.1)}
for driver, options in (
    ("GTiff", {"compress": "deflate"}),
    ("GTiff", {"compress": "lzw"}),
    ("PNG", {}),
):
    shape = {"width": 64, "height": 64, "count": 1, "dtype": "uint8"}
    with rasterio.open("x.img", "w", driver=driver, **shape, **place, **options) as out:
        out.write(data)
    with rasterio.open("x.img") as again:
        print(driver, options, again.crs.to_epsg(), bool((again.read() == data).all()))
print(calculate_default_transform("EPSG:4326", "EPSG:3857", 64, 64, 9, 41.6, 15.4, 48)[1:])
