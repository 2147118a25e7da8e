"""Worlds of boxes, spheres, constraints, rays and collisions without a window, by Bullet."""

import pybullet as p

client = p.connect(p.DIRECT)
p.setGravity(0, 0, -9.8)
p.setPhysicsEngineParameter(deterministicOverlappingPairs=1)
plane = p.createMultiBody(0, p.createCollisionShape(p.GEOM_PLANE))
box = p.createCollisionShape(p.GEOM_BOX, halfExtents=[0.5, 0.5, 0.5])
ball = p.createCollisionShape(p.GEOM_SPHERE, radius=0.5)
capsule = p.createCollisionShape(p.GEOM_CAPSULE, radius=0.2, height=1)
mesh = p.createCollisionShape(
    p.GEOM_MESH, vertices=[[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]], indices=[]
)
bodies = [
    p.createMultiBody(1, shape, basePosition=[i * 1.5, 0, 1 + i])
    for i, shape in enumerate((box, ball, capsule, mesh, box))
]
arm = p.createMultiBody(
    1,
    box,
    basePosition=[0, 5, 2],
    linkMasses=[1, 1],
    linkCollisionShapeIndices=[ball, ball],
    linkVisualShapeIndices=[-1, -1],
    linkPositions=[[0, 0, 1], [0, 0, 1]],
    linkOrientations=[[0, 0, 0, 1]] * 2,
    linkInertialFramePositions=[[0, 0, 0]] * 2,
    linkInertialFrameOrientations=[[0, 0, 0, 1]] * 2,
    linkParentIndices=[0, 1],
    linkJointTypes=[p.JOINT_REVOLUTE, p.JOINT_PRISMATIC],
    linkJointAxis=[[1, 0, 0], [0, 0, 1]],
)
print(p.getNumBodies(), p.getNumJoints(arm), p.getJointInfo(arm, 0)[2])
joint = p.createConstraint(
    bodies[0], -1, bodies[1], -1, p.JOINT_POINT2POINT, [0, 0, 0], [0.7, 0, 0], [-0.7, 0, 0]
)
p.setJointMotorControl2(arm, 0, p.VELOCITY_CONTROL, targetVelocity=1, force=5)
for step in range(240):
    p.stepSimulation()
    if step % 80 == 79:
        print([round(p.getBasePositionAndOrientation(b)[0][2], 1) for b in bodies])
print(len(p.getContactPoints(bodyA=plane)) > 3, round(p.getJointState(arm, 0)[0], 1))
print([r[0] for r in p.rayTestBatch([[0, 0, 9], [50, 0, 9]], [[0, 0, -9], [50, 0, 3]])])
print(
    len(p.getClosestPoints(bodies[2], bodies[3], 10)),
    len(p.getOverlappingObjects([-1, -1, -1], [1, 1, 1])) > 1,
)
p.removeConstraint(joint)
state = p.saveState()
before = p.getBasePositionAndOrientation(bodies[4])
for _ in range(50):
    p.applyExternalForce(bodies[4], -1, [9, 0, 30], [0, 0, 0], p.LINK_FRAME)
    p.stepSimulation()
print(p.getBasePositionAndOrientation(bodies[4])[0][2] > before[0][2] + 0.1)
p.restoreState(state)
print(p.getBasePositionAndOrientation(bodies[4]) == before)
print(p.calculateMassMatrix(arm, [0, 0])[0][0] > 0)
image = p.getCameraImage(32, 24, renderer=p.ER_TINY_RENDERER)
print(image[:2], len(image))
print([round(v, 4) for v in p.getQuaternionFromEuler([0.1, 0.2, 0.3])])
p.removeBody(bodies[3])
print(p.getNumBodies())
try:
    p.loadURDF("no such.urdf")
except Exception as e:
    print(type(e).__name__)
p.resetSimulation()
p.disconnect()
