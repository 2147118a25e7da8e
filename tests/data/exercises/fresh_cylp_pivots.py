"""Pivot rules, cuts and nodes in Python, bases kept, rows and columns changed, by Clp and Cbc."""

import numpy
from cylp.cy import CyClpSimplex
from cylp.py.modeling.CyLPModel import CyLPArray
from cylp.py.pivots import DantzigPivot, LIFOPivot, MostFrequentPivot, PositiveEdgePivot

rng = numpy.random.RandomState(5)


def problem(n=25, m=15):
    s = CyClpSimplex()
    s.logLevel = 0
    x = s.addVariable("x", n)
    a = numpy.matrix(rng.rand(m, n).round(2))
    s += a * x <= CyLPArray(a.sum(axis=1).A1)
    s += x >= 0
    s.objective = CyLPArray(-rng.rand(n).round(2)) * x
    return s


for rule in (DantzigPivot, PositiveEdgePivot, LIFOPivot, MostFrequentPivot):
    rng = numpy.random.RandomState(5)
    s = problem()
    s.setPivotMethod(rule(s))
    print(rule.__name__, s.primal(), round(s.objectiveValue, 5))
rng = numpy.random.RandomState(5)
s = problem()
print(s.primal(), round(s.objectiveValue, 5), s.iteration > 0)
basis = s.getBasisStatus()
print(len(basis[0]), len(basis[1]), int((basis[0] == 1).sum() + (basis[1] == 1).sum()))
s.setBasisStatus(*basis)
print(s.primal(startFinishOptions="sx"), round(s.objectiveValue, 5))
print(
    [round(v, 4) for v in s.reducedCosts[:3]],
    [round(v, 4) for v in s.primalVariableSolution["x"][:3]],
)
s.setColumnUpper(0, 0.1), s.setRowUpper(2, 1.0), s.setObjectiveCoefficient(1, -5.0)
for how in (s.dual, s.primal):
    print(how(), round(s.objectiveValue, 5))
y = s.addVariable("y", 2)
s += y <= 3
s += y >= 1
print(s.primal(), s.nVariables, s.nConstraints)
s.optimizationDirection = "max"
print(s.optimizationDirection, s.primal())
s.optimizationDirection = "min"
print(
    s.primal(),
    s.coefMatrix.shape,
    s.primalTolerance > 0,
    s.isInteger(0) if hasattr(s, "isInteger") else "",
)
for strategy in ({"presolve": "on"}, {"presolve": "off"}):
    print(sorted(strategy.items()), s.initialSolve(**strategy), round(s.objectiveValue, 5))
many = [problem(10, 5) for _ in range(10)]
print([m.dual() for m in many])
del many[::2]
print([m.primal() for m in many])
