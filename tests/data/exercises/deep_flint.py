"""Matrices, modular arithmetic, series, balls, roots and lattices of FLINT."""

from flint import (
    acb,
    acb_poly,
    arb,
    arb_mat,
    ctx,
    fmpq,
    fmpq_mat,
    fmpq_poly,
    fmpz,
    fmpz_mat,
    fmpz_poly,
    nmod,
    nmod_mat,
    nmod_poly,
)

print(
    fmpz(10**30 + 57).factor(),
    fmpz(2**107 - 1).is_prime(),
    fmpz(100).bin_uiui(100, 50) if hasattr(fmpz, "bin_uiui") else "",
    fmpz(97).jacobi(13) if hasattr(fmpz(1), "jacobi") else "",
)
f = fmpz_poly([(-1) ** i * (i + 1) for i in range(12)])
print(
    (f**5).factor()[1][:2],
    f.gcd(f.derivative()),
    divmod(f**3, f),
    len(f.complex_roots()),
    fmpz_poly.cyclotomic(30),
)
print(
    fmpq_poly([1, 2, 3]) / 7,
    fmpq(3, 7) ** 20,
    fmpq.bernoulli(30),
    fmpq.harmonic(20),
    fmpq_mat(3, 3, [fmpq(1, i + 1) for i in range(9)]).det(),
)
m = fmpz_mat(8, 8, [(i * 7919) % 101 for i in range(64)])
print(
    m.det(),
    m.rank(),
    m.lll()[0, 0],
    m.hnf()[0, 0],
    m.snf()[7, 7],
    str(m.charpoly())[:40],
    m.rref()[2],
)
print(
    nmod_mat(4, 4, [i * i + 1 for i in range(16)], 101).det(),
    nmod(3, 17) ** 100,
    nmod_poly([1, 0, 1], 7).factor(),
    (nmod_poly([1, 2, 3], 101) ** 20).coeffs()[:5],
)
for precision in (53, 200, 1000):
    ctx.prec = precision
    x = arb("1.25")
    for name in (
        "sin",
        "exp",
        "log",
        "gamma",
        "zeta",
        "erf",
        "atan",
        "sinh",
        "digamma",
        "airy_ai",
        "bessel_j",
    ):
        try:
            print(
                name,
                (getattr(x, name)(2) if name == "bessel_j" else getattr(x, name)()).str(
                    20, radius=False
                ),
            )
        except (AttributeError, TypeError, ValueError) as e:
            print(name, type(e).__name__)
    z = acb(1, 2)
    print(
        z.sqrt().real.str(15, radius=False),
        z.gamma().imag.str(15, radius=False),
        acb(0.5, 14).zeta().abs_lower().str(5, radius=False),
    )
    print(
        arb.pi().str(30, radius=False),
        (arb_mat(3, 3, [1, 2, 3, 4, 5, 6, 7, 8, 10]).det()).str(10, radius=False),
        len(acb_poly([1, 2, 3, 4]).roots()),
    )
ctx.prec = 53
for bad in (
    lambda: fmpz(1) // 0,
    lambda: fmpz_mat([[1, 2], [2, 4]]).inv(),
    lambda: fmpq(1, 0),
    lambda: nmod(2, 4) ** -1,
):
    try:
        print(bad())
    except (ZeroDivisionError, ValueError) as e:
        print(type(e).__name__)
