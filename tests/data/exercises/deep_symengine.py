"""Series, sets, solving, matrices, lambdas, number theory and long numbers of SymEngine."""

import symengine as s

x, y, z = s.symbols("x y z")
for digits in (15, 30, 100, 1000):
    for value in (
        s.sqrt(2),
        s.pi,
        s.exp(1),
        s.sin(1),
        s.log(2),
        s.gamma(s.Rational(1, 3)),
        s.zeta(3),
    ):
        try:
            print(digits, str(value.n(digits * 3.33, real=True))[:60])
        except (RuntimeError, NotImplementedError, TypeError) as e:
            print(type(e).__name__)
print(s.series(s.exp(x) * s.cos(x), x, 0, 8), s.expand((x + y + z) ** 12).coeff(x, 6).args[:2])
print(s.diff(s.atan2(x, y) * s.Abs(x), y))
print(s.Integer(7) ** 500 % (10**40))
from symengine.lib import symengine_wrapper as n

for function, values in (
    ("factorial", (200,)),
    ("fibonacci", (300,)),
    ("binomial", (100, 50)),
    ("nextprime", (10**20,)),
    ("gcd", (2**100, 6**50)),
    ("mod_inverse", (3, 10**9 + 7)),
    ("powermod", (3, 200, 10**9 + 7)),
    ("isprime", (1000003,)),
    ("totient", (1000003,)),
    ("primitive_root", (1000003,)),
    ("factor", (10**12 + 39,)),
    ("crt", ([3, 5, 7], [2, 3, 2])),
    ("bernoulli", (40,)),
    ("perfect_power", (2**60,)),
):
    try:
        print(function, getattr(n, function)(*values))
    except (AttributeError, RuntimeError, TypeError, ValueError) as e:
        print(function, type(e).__name__)
matrix = s.Matrix(6, 6, [s.Rational(1, i + j + 1) for i in range(6) for j in range(6)])
print(
    matrix.det(),
    matrix.inv()[0, :],
    matrix.LU()[0][5, 0],
    (matrix * matrix).trace() if hasattr(matrix, "trace") else "",
)
print(
    s.Lambdify([x, y], [x**2 + y, s.sin(x)])([1.0, 2.0]).tolist() if hasattr(s, "Lambdify") else ""
)
print(
    s.I**7, (1 + s.I) ** 20, s.sqrt(-4), s.Rational(10**40, 3**60), complex((s.sqrt(3) + s.I).n())
)
print(s.count_ops(x * y + 1), s.ccode(x**2 / y), s.sympify("2*x + sin(y)").subs({x: 2, y: 0}))
for bad in (lambda: s.sympify("1 +* 2"), lambda: s.Integer(1) // 0):
    try:
        print(bad())
    except (RuntimeError, ZeroDivisionError, ValueError, n.SympifyError) as e:
        print(type(e).__name__)
