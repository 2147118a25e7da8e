"""Clauses, XORs, assumptions, limits, conflicts and many models, by CryptoMiniSat."""

import random

import pycryptosat

random.seed(5)
s = pycryptosat.Solver(threads=1, verbose=0)
s.add_clauses([[1, 2, -3], [-1, 3], [2, 3, 4], [-4, -2]])
s.add_xor_clause([1, 2, 4], True)
s.add_xor_clause([3, 4, 5], False)
print(s.solve(), s.nb_vars(), s.is_satisfiable())
print(s.solve([1, -2]), s.solve([-3, -4, -2]), s.get_conflict())
count = 0
while (found := s.solve())[0] and count < 40:
    count += 1
    s.add_clause([-v if found[1][v] else v for v in range(1, s.nb_vars() + 1)])
print(count)
holes = pycryptosat.Solver()
n = 6
at = lambda p, h: p * n + h + 1  # noqa: E731
for p in range(n + 1):
    holes.add_clause([at(p, h) for h in range(n)])
for h in range(n):
    for p in range(n + 1):
        for q in range(p):
            holes.add_clause([-at(p, h), -at(q, h)])
print(holes.solve())
for seed in range(12):
    r = random.Random(seed)
    s = pycryptosat.Solver(threads=1 + seed % 2, confl_limit=50000)
    clauses = [
        [r.choice((-1, 1)) * v for v in r.sample(range(1, 101), 3)] for _ in range(400 + seed * 3)
    ]
    s.add_clauses(clauses)
    for _ in range(5):
        s.add_xor_clause(r.sample(range(1, 101), 6), bool(r.getrandbits(1)))
    sat, model = s.solve()
    print(seed, sat, sat and all(any(model[abs(v)] == (v > 0) for v in c) for c in clauses))
for bad in (
    lambda: s.add_clause([0]),
    lambda: s.add_clause(["a"]),
    lambda: pycryptosat.Solver(threads=0),
    lambda: s.solve([1 << 40]),
    lambda: s.add_clause(3),
):
    try:
        print(bad())
    except Exception as e:
        print(type(e).__name__)
