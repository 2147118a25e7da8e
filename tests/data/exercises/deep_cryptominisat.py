"""Hard and large problems, many XORs, limits of time and conflicts, threads, many solvers, by CryptoMiniSat."""

import gc
import random
import threading

import pycryptosat


def good(clauses, model):
    return all(any(model[abs(v)] == (v > 0) for v in c) for c in clauses)


def problem(seed, n, m, width):
    r = random.Random(seed)
    return [[r.choice((-1, 1)) * v for v in r.sample(range(1, n + 1), width)] for _ in range(m)]


for n, m, width in ((50, 100, 3), (300, 1000, 3), (2000, 6000, 3), (400, 3000, 5), (150, 700, 3)):
    for threads in (1, 2, 4):
        s = pycryptosat.Solver(threads=threads)
        clauses = problem(n, n, m, width)
        s.add_clauses(clauses)
        sat, model = s.solve()
        print(n, threads, sat, s.nb_vars(), good(clauses, model) if sat else "")
        for v in range(1, 9):
            sat, model = s.solve([v, -(v + 1)])
            print(
                v,
                sat,
                (good(clauses, model) and model[v] and not model[v + 1])
                if sat
                else sorted(map(abs, s.get_conflict()))[:0],
            )
r = random.Random(3)
for size in (3, 6, 30, 200):
    s = pycryptosat.Solver()
    hidden = [None] + [bool(r.getrandbits(1)) for _ in range(250)]
    xors = []
    for _ in range(260):
        chosen = r.sample(range(1, 251), size)
        xors.append((chosen, sum(hidden[v] for v in chosen) % 2 == 1))
        s.add_xor_clause(*xors[-1])
    sat, model = s.solve()
    print(
        size,
        sat,
        all(sum(bool(model[v]) for v in c) % 2 == right for c, right in xors),
        s.is_satisfiable(),
    )
    s.add_xor_clause(xors[0][0], not xors[0][1])
    print(s.solve(), s.is_satisfiable(), s.solve())
for options in (
    {"confl_limit": 5},
    {"time_limit": 100},
    {"confl_limit": 10**6, "time_limit": 100, "threads": 2},
):
    try:
        s = pycryptosat.Solver(**options)
        s.add_clauses(problem(1, 120, 380, 3))
        print(options, s.solve()[0] in (True, None))
    except Exception as e:
        print(options, type(e).__name__)
s = pycryptosat.Solver()
for v in range(1, 3000):
    s.add_clause([-v, v + 1])
s.add_clause([1])
print(all(s.solve()[1][1:]), s.solve([-3000]), s.get_conflict())
for name in ("msolve_selected", "nb_clauses", "start_getting_small_clauses"):
    print(name, hasattr(s, name))
small = pycryptosat.Solver()
small.add_clauses([[1, 2, 3], [-1, -2]])
if hasattr(small, "msolve_selected"):
    print(len(small.msolve_selected(max_nr_of_solutions=10, var_selection=[1, 2, 3], raw=False)))
found = [None] * 4


def work(i):
    s = pycryptosat.Solver()
    clauses = problem(i, 100, 380, 3)
    s.add_clauses(clauses)
    sat, model = s.solve()
    found[i] = (sat, good(clauses, model))


threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
for t in threads:
    t.start()
for t in threads:
    t.join()
print(found)
for _ in range(40):
    pycryptosat.Solver().add_clause([1, -1, 5])
gc.collect()
print("end")
