# packages: symengine
"""SymEngine with GMP, MPFR and FLINT: exact and numeric results."""

import symengine

x, y = symengine.symbols("x y")
print(((x + y) ** 5).expand(), symengine.diff(symengine.sin(x) ** 3, x))
print(symengine.sqrt(2).n(400, real=True), symengine.Integer(3) ** 300 % 1000007)
print(symengine.Rational(1, 3) + symengine.Rational(1, 6))
print(symengine.Matrix([[1, x], [y, 2]]).det())
