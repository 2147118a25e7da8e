"""Counts of primes by several methods and sizes, n-th primes, phi, and errors, by primecount."""

import primecountpy

print([primecountpy.prime_pi(10**k) for k in range(1, 13)])
print([primecountpy.prime_pi(x) for x in (0, 1, 2, 3, 97, 10**9 + 7)])
print([primecountpy.nth_prime(n) for n in (1, 2, 100, 10**6, 10**9)])
print([primecountpy.phi(10**9, k) for k in (0, 1, 5, 50)])
print([primecountpy.prime_pi(10**k + 123) for k in range(5, 11)])
print(primecountpy.prime_pi_128(10**13) if hasattr(primecountpy, "prime_pi_128") else "")
if hasattr(primecountpy, "set_num_threads"):
    for n in (1, 2, 4):
        primecountpy.set_num_threads(n)
        print(
            primecountpy.prime_pi(10**11),
            primecountpy.get_num_threads() if hasattr(primecountpy, "get_num_threads") else "",
        )
for bad in (
    lambda: primecountpy.prime_pi(-5),
    lambda: primecountpy.nth_prime(0),
    lambda: primecountpy.prime_pi("x"),
    lambda: primecountpy.nth_prime(-1),
    lambda: primecountpy.phi(-1, 3),
):
    try:
        print(bad())
    except Exception as e:
        print(type(e).__name__)
