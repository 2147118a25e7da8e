"""Worlds of skeletons with several joints: steps, contacts, inverse kinematics and dynamics, by DART."""

import dartpy as dart
import numpy as np

world = dart.simulation.World()
world.setGravity([0, 0, -9.81]), world.setTimeStep(0.002)
arm = dart.dynamics.Skeleton("arm")
body = None
for i, make in enumerate(
    (
        arm.createRevoluteJointAndBodyNodePair,
        arm.createRevoluteJointAndBodyNodePair,
        arm.createPrismaticJointAndBodyNodePair,
        arm.createBallJointAndBodyNodePair,
    )
):
    joint, body = make(body) if body is not None else make()
    offset = dart.math.Isometry3()
    offset.set_translation([0.1, 0, 0.4])
    (
        joint.setTransformFromParentBodyNode(offset),
        joint.setName(f"j{i}"),
        body.setName(f"b{i}"),
        body.setMass(1.0 + i),
    )
    shape = (
        dart.dynamics.BoxShape([0.1, 0.1, 0.3]) if i % 2 else dart.dynamics.CapsuleShape(0.05, 0.3)
    )
    node = body.createShapeNode(shape)
    node.createCollisionAspect(), node.createDynamicsAspect()
floor = dart.dynamics.Skeleton("floor")
joint, ground = floor.createWeldJointAndBodyNodePair()
node = ground.createShapeNode(dart.dynamics.BoxShape([5, 5, 0.1]))
node.createCollisionAspect(), node.createDynamicsAspect()
ball = dart.dynamics.Skeleton("ball")
joint, free = ball.createFreeJointAndBodyNodePair()
node = free.createShapeNode(dart.dynamics.SphereShape(0.2))
node.createCollisionAspect(), node.createDynamicsAspect()
ball.setPosition(5, 0.6)
for s in (arm, floor, ball):
    world.addSkeleton(s)
arm.setPositions(np.linspace(0.1, 0.5, arm.getNumDofs()))
show = lambda v: np.round(np.asarray(v, float).ravel()[:6], 3).tolist()  # noqa: E731
print(
    arm.getNumDofs(),
    arm.getNumBodyNodes(),
    show(arm.getMassMatrix()),
    show(arm.getCoriolisAndGravityForces()),
    show(arm.getJacobian(body)),
    show(arm.getCOM()),
    round(arm.computePotentialEnergy(), 4) if hasattr(arm, "computePotentialEnergy") else "",
    round(arm.getMass(), 3),
)
for step in range(300):
    world.step()
    if step % 60 == 0:
        print(
            step,
            show(arm.getPositions()),
            show(ball.getPositions()),
            world.getLastCollisionResult().getNumContacts() > 0,
            round(world.getTime(), 4),
        )
clone = arm.cloneSkeleton("copy") if hasattr(arm, "cloneSkeleton") else arm
print(
    show(clone.getVelocities()),
    arm.getJoint("j1").getName(),
    arm.getBodyNode("b2").getName(),
    arm.getDof(0).getName(),
    world.getNumSkeletons(),
    world.checkCollision() if hasattr(world, "checkCollision") else "",
)
ik = body.getOrCreateIK() if hasattr(body, "getOrCreateIK") else None
for detector in (
    "FCLCollisionDetector",
    "DARTCollisionDetector",
    "BulletCollisionDetector",
    "OdeCollisionDetector",
):
    if kind := getattr(dart.collision, detector, None):
        d = kind()
        one, other = d.createCollisionGroup(), d.createCollisionGroup()
        one.addShapeFramesOf(ball), other.addShapeFramesOf(floor)
        print(detector, one.collide(other), one.collide(), one.getNumShapeFrames())
for bad in (
    lambda: arm.getBodyNode("none"),
    lambda: arm.setPositions([1]) if False else arm.getJoint("none"),
    lambda: world.getSkeleton("none"),
    lambda: dart.utils.SdfParser.readWorld("/no") if hasattr(dart.utils, "SdfParser") else None,
    lambda: (
        dart.utils.DartLoader().parseSkeleton("/no") if hasattr(dart.utils, "DartLoader") else None
    ),
):
    try:
        print(bad() is None)
    except Exception as e:
        print(type(e).__name__)
