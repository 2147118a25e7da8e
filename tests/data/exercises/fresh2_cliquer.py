"""Largest, maximal and all cliques of many graphs, by cliquer."""

import sage.all__sagemath_graphs  # noqa: F401 - the categories have to be made first
from sage.graphs.cliquer import all_cliques, all_max_clique, clique_number, max_clique
from sage.graphs.graph import Graph

for n, step in ((1, 1), (5, 2), (12, 5), (30, 7), (64, 9), (65, 4), (100, 13)):
    g = Graph(
        [(i, j) for i in range(n) for j in range(i) if (i * j + i + j) % step],
        format="list_of_edges",
    )
    g.add_vertices(range(n))
    print(
        n,
        clique_number(g),
        len(max_clique(g)),
        g.is_clique(max_clique(g)),
        len(all_max_clique(g)) if n < 31 else "",
        sorted(map(sorted, all_max_clique(g)))[:2] if n < 31 else "",
    )
    if n <= 12:
        print(
            sorted(map(sorted, all_cliques(g, 2, 4)))[:6],
            sum(1 for _ in all_cliques(g)),
            sum(1 for _ in all_cliques(g, 3)),
        )
g = Graph({0: [1, 2, 3], 1: [2], 3: [4, 6], 5: [6]})
for _ in range(3):
    print(
        max_clique(g),
        all_max_clique(g),
        list(all_cliques(g, 2, 2)),
        g.cliques_maximum(),
        g.clique_number(algorithm="Cliquer"),
        g.independent_set(),
    )
for bad in (
    lambda: clique_number(None),
    lambda: list(all_cliques(g, 5, 2)),
    lambda: max_clique(Graph()),
    lambda: clique_number(Graph(3)),
):
    try:
        print(bad())
    except Exception as e:
        print(type(e).__name__)
