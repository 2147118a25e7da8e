"""Pipelines, areas of use, custom systems, JSON, geodesics, the network switch and threads of PROJ."""

import threading

import pyproj
from pyproj import CRS, Geod, Proj, Transformer
from pyproj.aoi import AreaOfInterest
from pyproj.transformer import TransformerGroup

for text in (
    "EPSG:4979",
    "+proj=laea +lat_0=52 +lon_0=10",
    "EPSG:4326+5773",
    "ESRI:54009",
    "urn:ogc:def:crs:OGC:1.3:CRS84",
):
    crs = CRS.from_user_input(text)
    print(crs.name, crs.type_name, [x.abbrev for x in crs.axis_info], crs.datum and crs.datum.name)
    for version in ("WKT2_2019", "WKT1_GDAL", "WKT1_ESRI"):
        try:
            print(version, len(crs.to_wkt(version)))
        except pyproj.exceptions.CRSError as e:
            print(version, type(e).__name__)
    print(CRS.from_json(crs.to_json()).equals(crs), crs.list_authority()[:1])
for number in (4326, 2056, 27700, 3413, 32633, 3035, 5514):
    there = Transformer.from_crs(4326, number)
    back = Transformer.from_crs(number, 4326)
    x, y = there.transform(50.1, 14.4)
    lat, lon = back.transform(x, y)
    print(number, round(x, 2), round(y, 2), round(lat, 6), round(lon, 6))
group = TransformerGroup(4326, 2964, area_of_interest=AreaOfInterest(-136.46, 49.0, -60.72, 83.17))
print(len(group.transformers), group.transformers[0].accuracy)
pipeline = Transformer.from_pipeline(
    "+proj=pipeline +step +proj=unitconvert +xy_in=deg +xy_out=rad +step +proj=utm +zone=33"
)
print([round(v, 4) for v in pipeline.transform(14.4, 50.1)], pipeline.definition)
print([round(v, 3) for v in Transformer.from_crs(4326, 3857).transform_bounds(10, 5, 20, 15)])
geod = Geod(ellps="GRS80")
print(
    [round(v, 4) for v in geod.fwd(10, 50, 33, 100000)],
    round(geod.polygon_area_perimeter([0, 1, 1], [0, 0, 1])[0], 2),
)
print([tuple(round(v, 5) for v in p) for p in geod.npts(0, 0, 10, 10, 3)])
print(
    [round(v, 6) for v in Proj("+proj=lcc +lat_1=30 +lat_2=60")(10, 45)],
    Proj(3857).get_factors(10, 50).meridional_scale,
)
for bad in ("EPSG:99999999", "+proj=nothing", "nonsense", '{"type":"x"}'):
    try:
        CRS(bad)
    except pyproj.exceptions.CRSError as e:
        print(type(e).__name__)
print(Transformer.from_crs(4326, 3857).transform(91, 0), pyproj.network.is_network_enabled())
print(
    len(pyproj.get_units_map()) > 10,
    len(pyproj.list.get_ellps_map()),
    len(pyproj.get_codes("EPSG", "PROJECTED_CRS")) > 1000,
)
print(
    pyproj.database.query_utm_crs_info(
        datum_name="WGS 84", area_of_interest=AreaOfInterest(14, 50, 14.1, 50.1)
    )[0].code
)
sums = []


def work():
    for i in range(15):
        made = Transformer.from_crs(4326, 32601 + i, always_xy=True)
        sums.append(round(made.transform(6 * i - 177, 45)[1]))


threads = [threading.Thread(target=work) for _ in range(3)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(len(sums), sorted(set(sums)))
