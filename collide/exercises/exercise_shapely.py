# packages: shapely
"""GEOS: predicates, overlays, buffers, prepared geometries, text and binary forms."""

import shapely
from shapely import affinity, geometry, ops, prepared, strtree, wkb, wkt

a = geometry.Point(0, 0).buffer(2)
b = geometry.box(0, 0, 3, 1)
print(round(a.area, 6), round(a.intersection(b).area, 6), round(a.union(b).length, 6))
print(a.intersects(b), a.relate(b), prepared.prep(a).contains(geometry.Point(1, 1)))
print(
    b.difference(a).geom_type,
    b.symmetric_difference(a).is_valid,
    round(b.distance(geometry.Point(9, 9)), 6),
)
print(wkt.dumps(b, rounding_precision=2), wkb.loads(wkb.dumps(b)).equals(b))
print(wkt.loads("LINESTRING Z (0 0 1, 1 1 2)").has_z)
for text in ("POLYGON ((0 0, 1", "POINT (x y)"):
    try:
        wkt.loads(text)
    except Exception as e:
        print(type(e).__name__, str(e)[:30])
print(
    [
        round(p.area, 3)
        for p in ops.triangulate(geometry.MultiPoint([(0, 0), (1, 0), (0, 1), (2, 2)]))
    ]
)
print(ops.unary_union([affinity.translate(b, i, i) for i in range(4)]).geom_type)
tree = strtree.STRtree([geometry.Point(i, i) for i in range(100)])
print(len(tree.query(b)), geometry.Polygon([(0, 0), (1, 1), (1, 0), (0, 1)]).is_valid)
print(shapely.make_valid(geometry.Polygon([(0, 0), (1, 1), (1, 0), (0, 1)])).geom_type)
print(round(shapely.hausdorff_distance(a, b), 6), shapely.to_geojson(geometry.Point(1, 2)))
