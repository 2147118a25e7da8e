"""Energies, gradients, charges, orbitals, solvents, fields and faults of small molecules, by xtb."""

import numpy as np
from xtb.interface import Calculator, Environment, Molecule, Param, XTBException
from xtb.libxtb import VERBOSITY_MUTED
from xtb.utils import Solvent, get_method, get_solvent

numbers = np.array([8, 1, 1])
positions = np.array([[0.0, 0.0, -0.74], [1.43, 0.0, 0.37], [-1.43, 0.0, 0.37]])
for param in (Param.GFN2xTB, Param.GFN1xTB, Param.GFN0xTB, Param.IPEAxTB):
    for charge, uhf in ((0, 0), (1, 1)):
        try:
            c = Calculator(param, numbers, positions, charge, uhf)
            (
                c.set_verbosity(VERBOSITY_MUTED),
                c.set_accuracy(0.5),
                c.set_electronic_temperature(400),
                c.set_max_iterations(80),
            )
            r = c.singlepoint()
            print(
                param.name,
                charge,
                round(r.get_energy(), 5),
                (np.round(r.get_gradient(), 3) + 0.0).tolist(),
                (np.round(r.get_dipole(), 2) + 0.0).tolist(),
            )
            print(
                (np.round(r.get_charges(), 3) + 0.0).tolist(),
                (np.round(r.get_bond_orders(), 3) + 0.0).tolist(),
                r.get_number_of_orbitals(),
                (np.round(r.get_orbital_eigenvalues(), 3) + 0.0).tolist(),
                r.get_orbital_occupations().tolist(),
            )
            c.update(positions * 1.02)
            print(
                round(c.singlepoint(r).get_energy(), 5),
                (np.round(c.singlepoint().get_virial(), 2) + 0.0).tolist(),
            )
        except XTBException as e:
            print(param.name, charge, type(e).__name__)
for solvent in (Solvent.h2o, Solvent.toluene, None):
    c = Calculator(Param.GFN2xTB, numbers, positions)
    c.set_verbosity(VERBOSITY_MUTED), c.set_solvent(solvent)
    print(
        solvent,
        round(c.singlepoint().get_energy(), 5),
        get_method("GFN2-xTB"),
        get_solvent("water"),
    )
crystal = Molecule(
    np.array([14, 14]),
    np.array([[0, 0, 0], [2.56, 2.56, 2.56]]),
    lattice=np.array([[0, 5.13, 5.13], [5.13, 0, 5.13], [5.13, 5.13, 0]]),
    periodic=np.array([True] * 3),
)
print(len(crystal), Environment().check())
for bad in (
    lambda: Molecule(numbers, positions * 0),
    lambda: Calculator(Param.GFN2xTB, np.array([8, 1]), positions),
    lambda: Molecule(numbers, positions).update(positions[:2]),
):
    try:
        print(type(bad()).__name__)
    except Exception as e:
        print(type(e).__name__)
