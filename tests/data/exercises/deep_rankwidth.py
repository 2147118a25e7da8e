"""Paths, grids, hypercubes, random graphs up to sixteen vertices, labels, other graph work beside it, by rw."""

import gc
import random

import sage.all__sagemath_graphs  # noqa: F401 - the categories have to be made first
from sage.graphs.graph import Graph
from sage.graphs.graph_decompositions.rankwidth import mkgraph, rank_decomposition


def tried(call):
    try:
        return call()
    except Exception as e:
        return type(e).__name__


def shape(graph):
    width, tree = rank_decomposition(graph)
    if tree is None:
        return width, tree
    leaves = [v for v in tree.vertices(sort=False) if len(v) == 1]
    return (
        width,
        tree.order(),
        tree.size(),
        tree.is_tree(),
        len(leaves),
        sorted(map(len, tree.vertices(sort=False)))[:4],
    )


r = random.Random(9)
graphs = {f"path{n}": Graph([(i, i + 1) for i in range(n - 1)]) for n in (1, 2, 3, 10, 16)}
graphs |= {f"star{n}": Graph([(0, i) for i in range(1, n)]) for n in (4, 12, 16)}
graphs |= {
    f"grid{n}{m}": Graph(
        [
            ((i, j), (i + a, j + b))
            for i in range(n)
            for j in range(m)
            for a, b in ((0, 1), (1, 0))
            if i + a < n and j + b < m
        ]
    )
    for n, m in ((2, 5), (3, 3), (4, 4), (3, 5))
}
graphs["cube"] = Graph([(i, i ^ 1 << b) for i in range(16) for b in range(4)])
graphs["petersen"] = Graph(
    [(i, (i + 1) % 5) for i in range(5)]
    + [(i, i + 5) for i in range(5)]
    + [(5 + i, 5 + (i + 2) % 5) for i in range(5)]
)
graphs["paley"] = Graph(
    [(i, j) for i in range(13) for j in range(i) if (i - j) % 13 in (1, 3, 4, 9, 10, 12)]
)
for n in (5, 9, 12, 14, 16):
    for p in (0.1, 0.5, 0.9):
        graphs[f"random{n}{p}"] = Graph(
            [list(range(n)), [(i, j) for i in range(n) for j in range(i) if r.random() < p]]
        )
graphs["letters"] = Graph({"a": ["b", "c"], "b": ["d"], "e": []})
graphs["loops"] = Graph([(0, 0), (0, 1), (0, 1)], loops=True, multiedges=True)
graphs["weights"] = Graph([(0, 1, 5), (1, 2, "x"), (2, 0, None)])
for name, g in graphs.items():
    print(name, g.order(), tried(lambda g=g: shape(g)))
    print(
        tried(lambda g=g: rank_decomposition(g, verbose=False)[0]),
        tried(lambda g=g: rank_decomposition(g.complement())[0]),
        tried(lambda g=g: g.rank_decomposition()[0]),
    )
    print(
        g.is_connected(),
        tried(lambda g=g: g.diameter()),
        g.degree_sequence()[:5],
        tried(lambda g=g: g.is_bipartite()),
        tried(lambda g=g: g.girth()),
    )
for n in (17, 24, 33, 100):
    print(
        n,
        tried(lambda n=n: rank_decomposition(Graph([(i, i + 1) for i in range(n - 1)]))[0])
        if n > 32
        else "",
    )
for _ in range(25):
    shape(graphs["petersen"])
print(
    tried(lambda: mkgraph(5)),
    tried(lambda: rank_decomposition("x")),
    tried(lambda: rank_decomposition(Graph(33))),
)
gc.collect()
print("end")
