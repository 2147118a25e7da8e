"""Number theory, contexts, rounding, special functions, random numbers and threads of GMP, MPFR and MPC."""

import pickle
import threading

import gmpy2
from gmpy2 import mpc, mpfr, mpq, mpz

n = mpz(10) ** 300 + 7
print(
    gmpy2.next_prime(n) - n,
    gmpy2.powmod(3, n, n + 2),
    gmpy2.invert(3, n),
    gmpy2.isqrt(n),
    gmpy2.iroot(n, 7)[1],
)
print(
    gmpy2.fac(150),
    gmpy2.fib(400),
    gmpy2.bincoef(300, 100),
    gmpy2.jacobi(5, 21),
    gmpy2.popcount(n),
    gmpy2.primorial(50),
)
print(
    gmpy2.gcdext(123456789, 987654321),
    gmpy2.lcm(12, 90),
    gmpy2.f_divmod(-n, 12345),
    n.digits(36)[:30],
    gmpy2.to_binary(n)[:8].hex(),
)
print(
    mpq(355, 113) ** 9,
    gmpy2.is_strong_prp(mpz(10**9 + 7), 3),
    gmpy2.lucasu(3, 1, 50),
    pickle.loads(pickle.dumps(n)) == n,
)
for precision in (24, 53, 200, 1000):
    for rounding in (gmpy2.RoundToNearest, gmpy2.RoundUp, gmpy2.RoundDown, gmpy2.RoundAwayZero):
        with gmpy2.context(precision=precision, round=rounding, emax=10000, emin=-10000) as context:
            x = mpfr("1.234567")
            for name in (
                "exp",
                "log",
                "sin",
                "tanh",
                "gamma",
                "lngamma",
                "zeta",
                "erf",
                "j0",
                "ai",
                "li2",
                "digamma",
                "cbrt",
                "eint",
                "expm1",
            ):
                print(name, str(getattr(gmpy2, name)(x))[:70])
            print(
                gmpy2.atan2(x, 2),
                gmpy2.hypot(x, 3),
                gmpy2.fma(x, x, x),
                gmpy2.agm(x, 2),
                gmpy2.fsum([x, 1, 2]),
            )
            print(
                gmpy2.exp(mpfr(30000)),
                context.overflow,
                context.inexact,
                gmpy2.nan(),
                gmpy2.next_above(x) > x,
            )
            z = mpc("1.5+2.5j")
            for name in ("sqrt", "exp", "log", "sin", "atan", "acosh", "tan"):
                print(name, str(getattr(gmpy2, name)(z))[:80])
            print(
                gmpy2.polar(z),
                gmpy2.norm(z),
                z ** mpc("0.5+1j"),
                abs(z),
                f"{x:.20f}",
                x.as_integer_ratio()[1] > 0,
            )
state = gmpy2.random_state(42)
print(gmpy2.mpz_urandomb(state, 200), gmpy2.mpfr_random(state), gmpy2.mpz_rrandomb(state, 100))
for bad in (
    lambda: mpz("x"),
    lambda: mpz(1) // 0,
    lambda: gmpy2.invert(2, 4),
    lambda: mpq(1, 0),
    lambda: mpfr("1e"),
):
    try:
        print(bad())
    except (ValueError, ZeroDivisionError) as e:
        print(type(e).__name__)
sums = []


def work():
    with gmpy2.context(precision=150):
        for i in range(1, 200):
            sums.append(gmpy2.log(mpfr(i)) > 0)


threads = [threading.Thread(target=work) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(len(sums), sum(sums))
