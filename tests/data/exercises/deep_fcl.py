"""Collisions, distances, continuous collisions, meshes and managers of FCL."""

import fcl
import numpy

rotation = numpy.array([[0.36, 0.48, -0.8], [-0.8, 0.6, 0.0], [0.48, 0.64, 0.6]])
vertices = numpy.array([[0, 0, 0], [2, 0, 0], [0, 2, 0], [0, 0, 2], [2, 2, 2]], float)
triangles = numpy.array([[0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 4], [1, 4, 3], [2, 3, 4]])
mesh = fcl.BVHModel()
mesh.beginModel(len(vertices), len(triangles))
mesh.addSubModel(vertices, triangles)
mesh.endModel()
shapes = [
    fcl.Box(1, 2, 3),
    fcl.Sphere(1.5),
    fcl.Ellipsoid(1, 2, 1),
    fcl.Capsule(1, 2),
    fcl.Cone(1, 3),
    fcl.Cylinder(1, 2),
    mesh,
    fcl.Convex(
        vertices, len(triangles), numpy.hstack([numpy.full((6, 1), 3), triangles]).flatten()
    ),
]
for i, a in enumerate(shapes):
    for b in shapes[i:]:
        one = fcl.CollisionObject(a, fcl.Transform(rotation, numpy.array([0.3, 0.1, 0])))
        for x in (0.5, 9.0):
            other = fcl.CollisionObject(b, fcl.Transform(numpy.array([x, 0, 0.2])))
            result = fcl.CollisionResult()
            n = fcl.collide(
                one, other, fcl.CollisionRequest(num_max_contacts=4, enable_contact=True), result
            )
            print(type(a).__name__, type(b).__name__, x, n > 0, result.is_collision)
            if x > 5:
                found = fcl.DistanceResult()
                d = fcl.distance(one, other, fcl.DistanceRequest(enable_nearest_points=True), found)
                print(round(d, 3), round(found.min_distance, 3))
sphere, box = (
    fcl.CollisionObject(fcl.Sphere(1)),
    fcl.CollisionObject(fcl.Box(1, 1, 1), fcl.Transform(numpy.array([10.0, 0, 0]))),
)
r = fcl.ContinuousCollisionResult()
print(
    fcl.continuousCollide(
        sphere,
        fcl.Transform(numpy.array([20.0, 0, 0])),
        box,
        fcl.Transform(numpy.array([10.0, 0, 0])),
        fcl.ContinuousCollisionRequest(),
        r,
    )
    < 1,
    r.is_collide,
)
manager, second = fcl.DynamicAABBTreeCollisionManager(), fcl.DynamicAABBTreeCollisionManager()
objects = [
    fcl.CollisionObject(
        shapes[n % 6], fcl.Transform(numpy.array([n * 1.3 % 17, n * 2.7 % 13, n % 5.0]))
    )
    for n in range(120)
]
manager.registerObjects(objects[:60])
second.registerObjects(objects[60:])
manager.setup()
second.setup()
data = fcl.CollisionData(request=fcl.CollisionRequest(num_max_contacts=100000))
manager.collide(data, fcl.defaultCollisionCallback)
print(len(data.result.contacts) > 10, manager.size(), data.result.is_collision)
data = fcl.CollisionData(request=fcl.CollisionRequest(num_max_contacts=100000))
manager.collide(second, data, fcl.defaultCollisionCallback)
print(len(data.result.contacts) > 10)
distance = fcl.DistanceData()
manager.distance(
    fcl.CollisionObject(fcl.Sphere(1), fcl.Transform(numpy.array([90.0, 0, 0]))),
    distance,
    fcl.defaultDistanceCallback,
)
print(round(distance.result.min_distance, 2))
objects[0].setTranslation(numpy.array([500.0, 0, 0]))
manager.update(objects[0])
manager.unregisterObject(objects[1])
print(manager.size(), objects[0].getTransform().getTranslation())
manager.clear()
print(manager.empty(), fcl.Transform(rotation).getQuatRotation().round(3))
