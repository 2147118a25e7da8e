"""Rank decompositions of many graphs, again and again, by rw."""

import sage.all__sagemath_graphs  # noqa: F401 - the categories have to be made first
from sage.graphs.graph import Graph
from sage.graphs.graph_decompositions.rankwidth import rank_decomposition

graphs = (
    [Graph([(i, (i + 1) % n) for i in range(n)]) for n in (3, 6, 9)]
    + [
        Graph([(i, j) for i in range(n) for j in range(i) if (i * j + i) % 3])
        for n in (2, 5, 8, 11)
    ]
    + [Graph([(i, j + 4) for i in range(4) for j in range(4)]), Graph(3), Graph([(0, 1)])]
)
for _ in range(2):
    for g in graphs:
        try:
            width, tree = rank_decomposition(g)
            print(
                g.order(),
                width,
                tree
                and (
                    tree.order(),
                    tree.size(),
                    tree.is_tree(),
                    sorted(map(len, tree.vertices(sort=False)))[-3:],
                ),
            )
        except Exception as e:
            print(g.order(), type(e).__name__)
for bad in (
    lambda: rank_decomposition(Graph(40)),
    lambda: rank_decomposition(None),
    lambda: rank_decomposition(Graph(0)),
):
    try:
        print(bad())
    except Exception as e:
        print(type(e).__name__)
