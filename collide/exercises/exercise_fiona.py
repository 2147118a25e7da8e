# packages: fiona
"""GDAL, PROJ, GEOS and SQLite: features written and read in several formats."""

import fiona
from fiona.transform import transform

schema = {"geometry": "Point", "properties": {"name": "str", "n": "int"}}
for driver, name in (("GPKG", "x.gpkg"), ("GeoJSON", "x.json"), ("ESRI Shapefile", "x.shp")):
    with fiona.open(name, "w", driver=driver, schema=schema, crs="EPSG:4326") as layer:
        for i in range(20):
            geometry = {"type": "Point", "coordinates": (i, i / 2)}
            layer.write({"geometry": geometry, "properties": {"name": f"n{i}", "n": i}})
    with fiona.open(name) as layer:
        print(
            driver,
            len(layer),
            layer.crs.to_epsg(),
            layer.bounds,
            len(list(layer.filter(bbox=(3, 0, 7, 9)))),
        )
print([[round(v, 2) for v in axis] for axis in transform("EPSG:4326", "EPSG:3857", [9], [48])])
