"""Particles under many forces, constraints and integrators, states, minimisation, XML and errors, by OpenMM."""

import openmm as mm
from openmm import unit

platform = mm.Platform.getPlatformByName("Reference")
system = mm.System()
for i in range(8):
    system.addParticle(12.0 + i)
system.setDefaultPeriodicBoxVectors([3, 0, 0], [0, 3, 0], [0, 0, 3])
system.addConstraint(0, 1, 0.3)
bond, angle, torsion, nonbonded = (
    mm.HarmonicBondForce(),
    mm.HarmonicAngleForce(),
    mm.PeriodicTorsionForce(),
    mm.NonbondedForce(),
)
(
    bond.addBond(1, 2, 0.25, 1000.0),
    angle.addAngle(0, 1, 2, 1.9, 50.0),
    torsion.addTorsion(0, 1, 2, 3, 2, 0.5, 4.0),
)
for i in range(8):
    nonbonded.addParticle((-1) ** i * 0.3, 0.2, 0.4)
(
    nonbonded.addException(0, 1, 0, 1, 0),
    nonbonded.setNonbondedMethod(mm.NonbondedForce.PME),
    nonbonded.setCutoffDistance(1.0),
)
custom = mm.CustomBondForce("k*(r-r0)^2+sin(r)")
(
    custom.addPerBondParameter("k"),
    custom.addGlobalParameter("r0", 0.4),
    custom.addBond(3, 4, [20.0]),
    custom.addEnergyParameterDerivative("r0"),
)
external, pair = mm.CustomExternalForce("0.5*x^2+step(y)"), mm.CustomNonbondedForce("a1*a2/r^2; ")
(
    external.addParticle(5, []),
    pair.addPerParticleParameter("a"),
    pair.setNonbondedMethod(mm.CustomNonbondedForce.CutoffPeriodic),
)
for i in range(8):
    pair.addParticle([0.1 * i])
pair.addExclusion(0, 1), pair.createExclusionsFromBonds([(1, 2), (2, 3)], 1)
for force in (bond, angle, torsion, nonbonded, custom, external, pair, mm.CMMotionRemover(2)):
    force.setForceGroup(force.getForceGroup() + 1)
    system.addForce(force)
positions = [mm.Vec3(0.3 * i, 0.11 * (i % 3), 0.07 * i * i % 1) for i in range(8)]
for make in (
    lambda: mm.VerletIntegrator(0.001),
    lambda: mm.LangevinMiddleIntegrator(300, 1, 0.002),
    lambda: mm.BrownianIntegrator(300, 10, 0.001),
    lambda: mm.VariableVerletIntegrator(0.001),
    lambda: mm.NoseHooverIntegrator(300, 10, 0.001),
):
    integrator = make()
    if hasattr(integrator, "setRandomNumberSeed"):
        integrator.setRandomNumberSeed(5)
    context = mm.Context(system, integrator, platform)
    (
        context.setPositions(positions),
        context.applyConstraints(1e-6),
        context.setVelocitiesToTemperature(100, 7),
    )
    before = context.getState(getEnergy=True, getForces=True, getParameterDerivatives=True)
    mm.LocalEnergyMinimizer.minimize(context, 10, 50)
    integrator.step(20)
    after = context.getState(getPositions=True, getEnergy=True, enforcePeriodicBox=True)
    print(
        type(integrator).__name__,
        before.getPotentialEnergy().format("%.3f"),
        before.getForces()[2].value_in_unit(unit.kilojoule_per_mole / unit.nanometer)[0] < 1e5,
        dict(before.getEnergyParameterDerivatives()).keys(),
        after.getPotentialEnergy() < before.getPotentialEnergy(),
        after.getStepCount(),
        after.getTime() > 0 * unit.picosecond,
        len(after.getPositions()),
    )
copy = mm.XmlSerializer.deserialize(mm.XmlSerializer.serialize(system))
print(
    copy.getNumParticles(),
    copy.getNumForces(),
    [type(f).__name__ for f in copy.getForces()],
    mm.XmlSerializer.serialize(copy) == mm.XmlSerializer.serialize(system),
)
state = mm.XmlSerializer.deserialize(mm.XmlSerializer.serialize(after))
tabulated = mm.Continuous1DFunction([0, 1, 4, 9], 0, 3)
print(
    state.getStepCount(),
    tabulated.getFunctionParameters()[0],
    mm.Platform.getNumPlatforms() > 1,
    context.createCheckpoint()[:4] != b"",
)
for bad in (
    lambda: mm.Platform.getPlatformByName("no"),
    lambda: (
        mm.CustomBondForce("k*(").addBond(0, 1, [])
        or mm.Context(system, mm.VerletIntegrator(1), platform)
    ),
    lambda: context.setPositions(positions[:2]),
    lambda: system.getParticleMass(99),
    lambda: nonbonded.setReactionFieldDielectric("x"),
    lambda: mm.XmlSerializer.deserialize("<no/>"),
    lambda: context.setParameter("nope", 1),
):
    try:
        print(type(bad()).__name__)
    except Exception as e:
        print(type(e).__name__)
