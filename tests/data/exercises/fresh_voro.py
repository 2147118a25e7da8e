"""Voronoi cells of points in periodic boxes: volumes, sides, neighbours, by voro++ in freud."""

import freud
import numpy

rng = numpy.random.RandomState(3)
for box in (
    freud.box.Box.cube(10),
    freud.box.Box(8, 9, 10, 0.3, 0.1, -0.2),
    freud.box.Box.square(10),
):
    points = box.wrap(rng.rand(200, 3) * 10 - 5)
    if box.is2D:
        points[:, 2] = 0
    voro = freud.locality.Voronoi()
    voro.compute((box, points))
    print(
        round(float(voro.volumes.sum() / box.volume), 4),
        len(voro.polytopes),
        voro.volumes[:3].round(3).tolist(),
    )
    neighbours = voro.nlist
    counts = numpy.bincount(neighbours.query_point_indices)
    print(len(neighbours), counts.min(), counts.max(), neighbours.weights[:3].round(3).tolist())
    print(sorted(len(p) for p in voro.polytopes)[::40], neighbours.distances.max().round(3))
grid = numpy.array([(x, y, z) for x in range(4) for y in range(4) for z in range(4)], "f4") - 1.5
voro.compute((freud.box.Box.cube(4), grid))
print(voro.volumes.round(4).min(), voro.volumes.round(4).max(), len(voro.nlist) >= 64 * 6)
system = freud.data.UnitCell.fcc().generate_system(4, sigma_noise=0.02, seed=1)
voro.compute(system)
steinhardt = freud.order.Steinhardt(6, weighted=True).compute(system, neighbors=voro.nlist)
print(steinhardt.particle_order.mean().round(3))
for bad in (
    lambda: voro.compute((freud.box.Box.cube(4), numpy.zeros((0, 3)))),
    lambda: freud.locality.Voronoi().volumes,
):
    try:
        print(bad() is not None)
    except Exception as e:
        print(type(e).__name__)
