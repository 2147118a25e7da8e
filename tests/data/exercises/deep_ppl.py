"""Polyhedra, linear programs, generators, exceptions and large coefficients of the PPL."""

import ppl
from ppl import (
    C_Polyhedron,
    Constraint_System,
    Generator_System,
    Linear_Expression,
    MIP_Problem,
    NNC_Polyhedron,
    Variable,
    line,
    point,
    ray,
)

x, y, z = map(Variable, range(3))
p = C_Polyhedron(3)
for c in (x >= 0, y >= 0, z >= 0, x + y + z <= 10, 3 * x - y <= 7, 2 * y + z >= 1):
    p.add_constraint(c)
print(
    p.minimized_constraints(),
    p.minimized_generators(),
    p.affine_dimension(),
    p.is_bounded(),
    p.is_empty(),
)
print(
    sorted(p.maximize(2 * x + 3 * y - z).items(), key=lambda i: i[0])[:3],
    p.minimize(x - y)["inf_n"],
)
q = C_Polyhedron(
    Generator_System([point(x + 0 * z, 2), point(3 * y + 0 * z), ray(z), point(0 * x)])
    if False
    else Generator_System()
)
g = Generator_System()
for n in range(25):
    g.insert(point((n * n % 17) * x + (n * 7 % 11) * y + (n * 3 % 5) * z, 1 + n % 3))
q = C_Polyhedron(g)
print(
    len(list(q.minimized_constraints())),
    len(list(q.minimized_generators())),
    q.contains(p),
    p.is_disjoint_from(q),
)
h = C_Polyhedron(p)
h.intersection_assign(q)
print(h.minimized_generators(), h.is_universe())
h = C_Polyhedron(p)
h.poly_hull_assign(q)
print(len(list(h.minimized_constraints())))
h.affine_image(x, 2 * x + y - 3)
h.add_space_dimensions_and_embed(2)
h.remove_higher_space_dimensions(3)
h.unconstrain(y)
print(h.space_dimension(), h.minimized_constraints())
n = NNC_Polyhedron(2)
n.add_constraint(x > 0)
n.add_constraint(x + y < 2**200)
print(n.minimized_constraints(), n.minimized_generators(), n.is_topologically_closed())
m = MIP_Problem(3)
for c in (x + 2 * y + 3 * z <= 17, x >= 0, y >= 0, z >= 0, 5 * x - 2 * z <= 11):
    m.add_constraint(c)
m.add_to_integer_space_dimensions(ppl.Variables_Set(0, 2))
m.set_objective_function(3 * x + y + 4 * z)
print(m.solve(), m.optimal_value(), m.optimizing_point())
cube = C_Polyhedron(7)
v = [Variable(i) for i in range(7)]
for i in v:
    cube.add_constraint(i <= 1)
    cube.add_constraint(i >= -1)
cube.add_constraint(sum(v[1:], Linear_Expression(v[0])) <= 3)
print(len(list(cube.minimized_generators())), line(x), Constraint_System(x > 1))
m.clear()
for bad in (
    lambda: p.intersection_assign(n),
    lambda: point(x, 0),
    lambda: ray(0 * x),
    lambda: C_Polyhedron(-1),
    lambda: MIP_Problem(1).optimal_value(),
):
    try:
        print(bad())
    except Exception as e:
        print(type(e).__name__)
