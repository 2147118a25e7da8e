"""Linear and integer programs modelled, solved, changed, written and read, by Clp and Cbc."""

import os
import tempfile

import numpy
from cylp.cy import CyClpSimplex, CyCoinIndexedVector
from cylp.py.modeling.CyLPModel import CyLPArray

model = CyClpSimplex()
model.logLevel = 0
x, y = model.addVariable("x", 3), model.addVariable("y", 2)
a = numpy.matrix([[1.0, 2.0, 0], [1.0, 0, 1.0]])
b = numpy.matrix([[1.0, 0, 0], [0, 0, 1.0]])
d = numpy.matrix([[1.0, 2.0], [0, 1]])
limit, u = CyLPArray([5, 2.5]), CyLPArray([2.0, 3.0])
model += a * x <= limit
model += 2 <= b * x + d * y <= u
model += y >= 0
model += x >= 0
model += 1.1 <= x[1:3] <= CyLPArray([2.0, 3.0])
model.objective = CyLPArray([1.0, -2.0, 3.0]) * x
for how in ("primal", "dual", "initialSolve"):
    print(how, getattr(model, how)(), round(model.objectiveValue, 6))
    print({k: v.round(4).tolist() for k, v in model.primalVariableSolution.items()})
print(
    model.nVariables,
    model.nConstraints,
    [v.round(3).tolist() for v in model.dualConstraintSolution.values()],
)
model.setRowUpper(0, 4)
print(model.dual(), round(model.objectiveValue, 6))
knapsack = CyClpSimplex()
knapsack.logLevel = 0
z = knapsack.addVariable("z", 6, isInt=True)
knapsack += 0 <= z <= 1
knapsack += CyLPArray([3.0, 4, 5, 6, 7, 2]) * z <= 12
knapsack.objective = CyLPArray([-4.0, -5, -7, -8, -9, -1]) * z
cbc = knapsack.getCbcModel()
cbc.logLevel = 0
cbc.solve()
print(cbc.status, cbc.objectiveValue, cbc.primalVariableSolution["z"].round().tolist())
with tempfile.TemporaryDirectory() as directory:
    path = os.path.join(directory, "m.mps")
    print(model.writeMps(path), os.path.getsize(path) > 100)
    again = CyClpSimplex()
    again.logLevel = 0
    print(again.readMps(path), again.primal(), round(again.objectiveValue, 6))
bad = CyClpSimplex()
bad.logLevel = 0
w = bad.addVariable("w", 2)
bad += w >= 3
bad += w <= 1
bad.objective = CyLPArray([1.0, 1.0]) * w
print(bad.primal(), bad.getStatusString() if hasattr(bad, "getStatusString") else "")
free = CyClpSimplex()
free.logLevel = 0
v = free.addVariable("v", 2)
free += v >= 0
free.objective = CyLPArray([-1.0, -1.0]) * v
print(free.primal())
vector = CyCoinIndexedVector()
vector.reserve(5)
vector[2] = 7.5
print(vector.nElements, vector[2])
