# packages: pyproj
"""PROJ and SQLite: the database of coordinate systems, and transformations."""

import pyproj

for code in (4326, 3857, 25832, 2056):
    crs = pyproj.CRS.from_epsg(code)
    print(crs.name, crs.ellipsoid.name, len(crs.to_wkt()), crs.area_of_use)
there = pyproj.Transformer.from_crs(4326, 25832, always_xy=True)
print([round(v, 3) for v in there.transform(9.0, 48.0)], there.definition[:60])
print(pyproj.Geod(ellps="WGS84").inv(0, 0, 1, 1))
print(len(pyproj.database.query_crs_info(auth_name="EPSG", pj_types=["GEOGRAPHIC_2D_CRS"])) > 100)
print(pyproj.CRS("+proj=utm +zone=32").to_authority(), pyproj.CRS(25832).is_exact_same(25832))
try:
    pyproj.CRS.from_epsg(1)
except pyproj.exceptions.CRSError as e:
    print(str(e)[:40])
