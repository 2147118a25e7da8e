"""Equilibrium, kinetics and HDF5 containers of cantera."""

import cantera as ct

gas = ct.Solution("h2o2.yaml")
gas.TPX = 1200, ct.one_atm, "H2:2, O2:1, AR:3"
print([round(x, 6) for x in gas.net_production_rates[:3]])
gas.equilibrate("HP")
print(round(gas.T, 2), round(gas["H2O"].X[0], 5))
reactor = ct.IdealGasReactor(gas)
network = ct.ReactorNet([reactor])
network.advance(1e-3)
print(round(reactor.T, 2))
gas.TPX = 300, ct.one_atm, "H2:2, O2:1, AR:3"
states = ct.SolutionArray(gas, 5)
states.TP = [300, 400, 500, 600, 700], ct.one_atm
states.save("states.h5", name="some", overwrite=True)
again = ct.SolutionArray(gas)
again.restore("states.h5", name="some")
print([round(t, 3) for t in again.T], [round(h) for h in again.enthalpy_mass])
states.save("states.yaml", name="some", overwrite=True)
again.restore("states.yaml", name="some")
print(len(again))
try:
    again.restore("absent.h5", name="some")
except Exception as e:
    print(type(e).__name__)
