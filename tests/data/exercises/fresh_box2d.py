"""Worlds of bodies, shapes, joints, contacts, queries and rays, by Box2D."""

from Box2D import b2


class Listener(b2.contactListener):
    def __init__(self):
        super().__init__()
        self.count = [0, 0]

    def BeginContact(self, contact):
        self.count[0] += 1

    def EndContact(self, contact):
        self.count[1] += 1


class Found(b2.queryCallback):
    def __init__(self):
        super().__init__()
        self.found = []

    def ReportFixture(self, fixture):
        self.found.append(round(fixture.body.position.y, 1))
        return True


class Ray(b2.rayCastCallback):
    def __init__(self):
        super().__init__()
        self.hits = []

    def ReportFixture(self, fixture, point, normal, fraction):
        self.hits.append((round(point[1], 2), round(fraction, 2)))
        return 1.0


listener = Listener()
world = b2.world(gravity=(0, -10), doSleep=True, contactListener=listener)
ground = world.CreateStaticBody(position=(0, -5), shapes=b2.polygonShape(box=(50, 5)))
edge = world.CreateStaticBody(shapes=[b2.edgeShape(vertices=[(-10, 0), (-10, 20)])])
boxes = [
    world.CreateDynamicBody(
        position=(0.1 * i, 1 + 2.2 * i),
        fixtures=b2.fixtureDef(shape=b2.polygonShape(box=(1, 1)), density=1 + i, friction=0.3),
    )
    for i in range(6)
]
ball = world.CreateDynamicBody(position=(-8, 6), linearVelocity=(9, 0))
ball.CreateCircleFixture(radius=0.5, density=3, restitution=0.5)
rod = world.CreateDynamicBody(position=(10, 10))
rod.CreatePolygonFixture(box=(0.2, 2), density=1)
joint = world.CreateRevoluteJoint(
    bodyA=ground, bodyB=rod, anchor=(10, 12), enableMotor=True, motorSpeed=2, maxMotorTorque=50
)
other = world.CreateDynamicBody(position=(14, 10), shapes=b2.circleShape(radius=1))
other.mass = 2
distance = world.CreateDistanceJoint(
    bodyA=rod, bodyB=other, anchorA=(10, 9), anchorB=(14, 10), frequencyHz=4, dampingRatio=0.5
)
prismatic = world.CreatePrismaticJoint(
    bodyA=ground,
    bodyB=world.CreateDynamicBody(position=(20, 5), shapes=b2.polygonShape(box=(1, 1))),
    anchor=(20, 5),
    axis=(0, 1),
    lowerTranslation=-2,
    upperTranslation=3,
    enableLimit=True,
)
for step in range(300):
    world.Step(1 / 60, 8, 3)
    world.ClearForces()
    if step % 60 == 0:
        print(step, [tuple(round(v, 1) for v in b.position) for b in boxes[:2]])
print([round(b.position.y, 0) for b in boxes], round(rod.mass, 3), round(rod.inertia, 2))
print(world.bodyCount, world.jointCount, world.contactCount > 5, listener.count[0] > 5)
found = Found()
world.QueryAABB(found, b2.AABB(lowerBound=(-20, -20), upperBound=(30, 0.5)))
print(len(found.found) >= 2)
ray = Ray()
world.RayCast(ray, (30, 20), (30, -10))
print(ray.hits)
print(round(prismatic.translation, 1), [c.position.y > -6 for c in world.bodies])
a = b2.polygonShape(box=(1, 1))
print(a.vertices, b2.vec2(3, 4).length)
for body in boxes[::2]:
    world.DestroyBody(body)
world.DestroyJoint(distance)
for _ in range(60):
    world.Step(1 / 60, 8, 3)
print(world.bodyCount, world.jointCount, [round(b.position.y, 1) > 0 for b in boxes[1::2]])
try:
    print(b2.polygonShape(vertices=[(0, 0)]))
except Exception as e:
    print(type(e).__name__)
chain = world.CreateStaticBody(shapes=b2.chainShape(vertices_chain=[(0, 0), (5, 1), (9, 0)]))
print(chain.fixtures[0].shape.childCount, chain.fixtures[0].shape.vertices)
