"""Bodies, shapes, joints, queries, callbacks and polygons of Chipmunk by Pymunk."""

import pickle

import pymunk
import pymunk.autogeometry
from pymunk.vec2d import Vec2d

hits = []
for threaded in (False, True):
    space = pymunk.Space(threaded=threaded)
    space.gravity = 0, -900
    space.iterations = 15
    floor = pymunk.Segment(space.static_body, (-500, 0), (500, 0), 5)
    floor.friction, floor.elasticity, floor.collision_type = 0.9, 0.4, 1
    space.add(floor)
    bodies = []
    for n in range(30):
        body = pymunk.Body(2 + n, 100)
        body.position = (n * 13 % 200 - 100, 40 + 30 * n)
        shape = pymunk.Circle(body, 8) if n % 3 else pymunk.Poly.create_box(body, (12, 20))
        shape.friction, shape.collision_type = 0.5, 2
        space.add(body, shape)
        bodies.append(body)
    for k, joint in enumerate(
        (
            pymunk.PinJoint,
            pymunk.SlideJoint,
            pymunk.PivotJoint,
            pymunk.DampedSpring,
            pymunk.GearJoint,
            pymunk.SimpleMotor,
            pymunk.RotaryLimitJoint,
            pymunk.DampedRotarySpring,
        )
    ):
        a, b = bodies[2 * k], bodies[2 * k + 1]
        extra = {
            "SlideJoint": ((0, 0), (0, 0), 5, 60),
            "PivotJoint": ((0, 0),),
            "DampedSpring": ((0, 0), (0, 0), 20, 50, 3),
            "GearJoint": (0, 2),
            "SimpleMotor": (3,),
            "RotaryLimitJoint": (-1, 1),
            "DampedRotarySpring": (0, 20, 2),
        }
        space.add(joint(a, b, *extra.get(joint.__name__, ())))
    space.on_collision(1, 2, begin=lambda arbiter, s, d: hits.append(len(arbiter.shapes)))
    for _ in range(200):
        space.step(1 / 100)
    print(
        len(hits) > 5,
        [round(b.position.y) >= 0 for b in bodies].count(True),
        len(space.constraints),
    )
    print(len(space.point_query((0, 10), 100, pymunk.ShapeFilter())) > 0)
    print(space.segment_query_first((0, 3000), (0, -10), 1, pymunk.ShapeFilter()) is not None)
    print(len(space.bb_query(pymunk.BB(-500, -10, 500, 900), pymunk.ShapeFilter())) > 10)
    again = pickle.loads(pickle.dumps(bodies[3]))

    print(again.mass, again.moment)
    for b in list(space.bodies)[:10]:
        space.remove(*(c for c in b.constraints if c in space.constraints))
        space.remove(b, *b.shapes)
    space.step(0.01)
    print(len(space.bodies), round(bodies[20].kinetic_energy) >= 0)
print(
    pymunk.moment_for_poly(3, [(0, 0), (4, 0), (4, 3)]),
    pymunk.area_for_circle(1, 3),
    pymunk.moment_for_box(2, (3, 4)),
)
print(pymunk.autogeometry.to_convex_hull([(0, 0), (5, 0), (2, 2), (5, 5), (0, 5)], 0.1))
print(
    pymunk.autogeometry.convex_decomposition([(0, 0), (5, 0), (5, 5), (2, 2), (0, 5), (0, 0)], 0.1)
)
lines = pymunk.autogeometry.march_soft(
    pymunk.BB(0, 0, 9, 9), 20, 20, 0.5, lambda p: float((p[0] - 5) ** 2 + (p[1] - 5) ** 2 < 9)
)
print([len(line) for line in lines], len(pymunk.autogeometry.simplify_curves(lines[0], 0.5)))
print(Vec2d(3, 4).length, pymunk.Poly(None, [(0, 0), (1, 0), (1, 1)]).area)
for bad in (lambda: space.remove(floor, floor), lambda: space.add(floor, 5)):
    try:
        print(bad() is None)
    except Exception as e:
        print(type(e).__name__)
