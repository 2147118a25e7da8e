"""GMP, MPFR and MPC: long numbers."""

import gmpy2

print(gmpy2.mpz(3) ** 200 % 10**30, gmpy2.is_prime(2**127 - 1), gmpy2.gcd(2**100, 6**50))
with gmpy2.context(precision=200):
    print(gmpy2.const_pi(), gmpy2.sqrt(gmpy2.mpfr(2)), gmpy2.sin(gmpy2.mpfr(1)))
    print(gmpy2.sqrt(gmpy2.mpc(-2, 1)))
