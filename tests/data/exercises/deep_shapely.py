"""Overlays, validity, trees, buffers, projections, formats, precision and threads of GEOS."""

import math
import threading

import shapely
from shapely import affinity, ops, wkb, wkt
from shapely.geometry import LineString, MultiPoint, Point, Polygon, box, mapping, shape

star = Polygon([(math.cos(i * 2.4) * 10, math.sin(i * 2.4) * 10) for i in range(15)])
print(star.is_valid, shapely.is_valid_reason(star)[:17])
for method in ("linework", "structure"):
    print(round(shapely.make_valid(star, method=method).area, 6))
a, b = Point(0, 0).buffer(10, quad_segs=16), box(-3, -20, 8, 5)
for operation in ("intersection", "union", "difference", "symmetric_difference"):
    for grid in (None, 0.1):
        print(operation, grid, round(getattr(shapely, operation)(a, b, grid_size=grid).area, 6))
for options in ({"cap_style": "flat"}, {"join_style": "mitre"}, {"single_sided": True}):
    line = LineString([(0, 0), (5, 0), (5, 5), (9, 5)])
    print(options, round(line.buffer(1.5, **options).area, 6), line.offset_curve(1).length)
points = MultiPoint([(math.sin(i * 7) * 50, math.cos(i * 13) * 50) for i in range(300)])
print(
    len(ops.triangulate(points)),
    round(points.convex_hull.area, 4),
    len(ops.voronoi_diagram(points).geoms),
)
print(
    round(shapely.concave_hull(points, 0.3).area, 4),
    shapely.minimum_bounding_radius(points).round(4),
)
print(
    round(shapely.minimum_rotated_rectangle(points).area, 3),
    shapely.delaunay_triangles(points).geom_type,
)
tree = shapely.STRtree(list(points.geoms))
print(
    tree.query(box(-10, -10, 10, 10)).size,
    tree.nearest(Point(1, 1)),
    tree.query_nearest(Point(3, 3)).tolist(),
)
print(
    tree.query(a, predicate="contains_properly").size,
    tree.query(a, predicate="dwithin", distance=4).size,
)
for geometry in (
    a.simplify(0.5),
    Point(1, 2, 3),
    LineString([(0, 0, 1), (1, 1, 2)]),
    MultiPoint(),
    box(0, 0, 1, 1),
):
    for flavor in ("iso", "extended"):
        print(wkb.dumps(geometry, hex=True, flavor=flavor)[:80])
    print(wkt.dumps(geometry, rounding_precision=3)[:80], shapely.to_geojson(geometry)[:60])
    print(
        shape(mapping(geometry)).equals(geometry),
        shapely.from_geojson(shapely.to_geojson(geometry)).geom_type,
    )
for text in ("POINT (1", "NOTHING", "POLYGON ((0 0, 1 1))", "POINT Z (1 2 3)"):
    try:
        print(wkt.loads(text).wkt)
    except shapely.errors.ShapelyError as e:
        print(type(e).__name__)
try:
    wkb.loads(b"\x01\x07")
except shapely.errors.ShapelyError as e:
    print(type(e).__name__)
print(ops.polygonize_full([LineString([(0, 0), (1, 1), (1, 0), (0, 0)])])[0].wkt)
print(ops.linemerge([LineString([(0, 0), (1, 1)]), LineString([(1, 1), (2, 3)])]).wkt)
print(
    ops.snap(Point(0.1, 0), Point(0, 0), 0.5).wkt, ops.nearest_points(a, Point(50, 50))[0].wkt[:16]
)
print(
    round(affinity.rotate(b, 33).area, 6),
    a.relate(b),
    a.hausdorff_distance(b),
    shapely.frechet_distance(line, line),
)
print(
    shapely.coverage_union_all([box(i, 0, i + 1, 1) for i in range(5)]).area,
    shapely.set_precision(a, 1).area,
)
print(
    line.interpolate(3.3).wkt,
    line.project(Point(5, 2)),
    shapely.line_merge(line).wkt,
    shapely.node(line).wkt,
)
shapely.prepare(a)
areas = []


def work():
    for i in range(60):
        other = Point(i % 7, i % 5).buffer(3)
        areas.append(round(ops.unary_union([other, b]).area + a.contains(other), 4))


threads = [threading.Thread(target=work) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(len(areas), round(sum(areas), 2))
