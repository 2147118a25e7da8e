"""Plans in several spaces by many planners, samplers, distances, interpolation, simplified paths, by OMPL."""

from ompl import base as ob
from ompl import geometric as og
from ompl import util as ou

ou.setLogLevel(ou.LOG_NONE)
ou.RNG.setSeed(7)


def valid(state):
    return (
        not (0.4 < state[0] < 0.6 and state[1] < 0.8)
        if hasattr(state, "__getitem__")
        else not (0.4 < state.getX() < 0.6 and state.getY() < 0.8)
    )


def space(kind):
    made = kind(2) if kind is ob.RealVectorStateSpace else kind()
    bounds = ob.RealVectorBounds(2)
    bounds.setLow(0), bounds.setHigh(1)
    made.setBounds(bounds)
    return made


for kind in (ob.RealVectorStateSpace, ob.SE2StateSpace):
    for planner in (
        "RRT",
        "RRTConnect",
        "PRM",
        "KPIECE1",
        "BKPIECE1",
        "LBKPIECE1",
    ):
        try:
            s = space(kind)
            setup = og.SimpleSetup(s)
            setup.setStateValidityChecker(valid)
            a, b = s.allocState(), s.allocState()
            if kind is ob.SE2StateSpace:
                a.setX(0.1), a.setY(0.1), a.setYaw(0), b.setX(0.9), b.setY(0.1), b.setYaw(1)
            else:
                a[0], a[1], b[0], b[1] = 0.1, 0.1, 0.9, 0.1
            setup.setStartAndGoalStates(a, b)
            p = getattr(og, planner)(setup.getSpaceInformation())
            setup.setPlanner(p)
            solved = setup.solve(0.6)
            setup.simplifySolution()
            path = setup.getSolutionPath()
            path.interpolate(50)
            print(
                kind.__name__,
                planner,
                bool(solved),
                setup.haveExactSolutionPath(),
                path.getStateCount(),
                path.check(),
                1.5 < path.length() < 5,
            )
        except Exception as e:
            print(kind.__name__, planner, type(e).__name__)
s = space(ob.RealVectorStateSpace)
s.setup()
a, b, c = s.allocState(), s.allocState(), s.allocState()
a[0], a[1], b[0], b[1] = 0.0, 0.0, 1.0, 0.5
s.interpolate(a, b, 0.25, c)
print(
    [c[0], c[1]],
    round(s.distance(a, b), 5),
    s.getDimension(),
    s.getMaximumExtent(),
    s.equalStates(a, b),
    s.satisfiesBounds(b),
)
r = ou.RNG(5)
print([0 <= r.uniform01() < 1 for _ in range(3)], r.uniformInt(3, 3))
for bad in (
    lambda: s.setBounds(ob.RealVectorBounds(5)),
    lambda: og.SimpleSetup(None),
    lambda: og.SimpleSetup(s).getSolutionPath(),
):
    try:
        print(type(bad()).__name__)
    except Exception as e:
        print(type(e).__name__)
