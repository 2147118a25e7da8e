"""Cliques by size, of weighted orders, of dense, empty and named graphs, interrupted and again, by cliquer."""

import random

import sage.all__sagemath_graphs  # noqa: F401 - the categories have to be made first
from sage.graphs.cliquer import all_cliques, all_max_clique, clique_number, max_clique
from sage.graphs.graph import Graph

random.seed(4)


def graph(n, p):
    g = Graph(n)
    g.add_edges((i, j) for i in range(n) for j in range(i) if random.random() < p)
    return g


for n in (2, 3, 7, 15, 31, 32, 33, 63, 64, 65, 90, 127, 128, 129, 200):
    for p in (0.0, 0.1, 0.5, 0.8, 1.0):
        if n * p > 75 and p < 1:
            continue
        g = graph(n, p)
        best = max_clique(g)
        print(n, p, clique_number(g), len(best), g.is_clique(best))
        if n < 34 and p < 1:
            found = sorted(map(sorted, all_max_clique(g)))
            print(len(found), found[:3], all(map(g.is_clique, found)))
for n, p in ((12, 0.6), (20, 0.5), (30, 0.4), (70, 0.1)):
    g = graph(n, p)
    for low, high in ((0, 0), (1, 1), (2, 0), (3, 3), (2, 4), (5, 3), (1, 99)):
        try:
            found = sorted(map(sorted, all_cliques(g, low, high)))
            print(n, low, high, len(found), found[-2:], all(map(g.is_clique, found)))
        except Exception as e:
            print(n, low, high, type(e).__name__)
    started = all_cliques(g, 1, 3)
    print([sorted(next(started)) for _ in range(3)], clique_number(g.complement()))
    started.close()
named = Graph([("a", "b"), ("b", "c"), ("a", "c"), ("c", "ü"), (1, 2), (1, "a")])
print(sorted(map(str, max_clique(named))), named.chromatic_number())
many = [graph(25, 0.5) for _ in range(40)]
print([g.clique_number(algorithm="Cliquer") for g in many])
print([len(g.independent_set(algorithm="Cliquer")) for g in many])
print([len(g.vertex_cover(algorithm="Cliquer")) for g in many])
print([len(g.clique_maximum(algorithm="Cliquer")) for g in many[:10]])
print([g.is_perfect() for g in (graph(9, 0.3), graph(7, 0.5))])
for bad in (Graph(0), Graph(1), Graph([(0, 0)], loops=True), Graph([(0, 1)] * 2, multiedges=True)):
    for call in (clique_number, max_clique, all_max_clique, lambda g: list(all_cliques(g))):
        try:
            print(call(bad))
        except Exception as e:
            print(type(e).__name__)
