"""Automorphisms and canonical forms of coloured graphs and digraphs with labels, by bliss."""

import sage.all__sagemath_graphs  # noqa: F401 - the categories have to be made first
from sage.graphs.bliss import canonical_form
from sage.graphs.digraph import DiGraph
from sage.graphs.graph import Graph

graphs = (
    [Graph([(i, (i + 1) % n) for i in range(n)]) for n in (3, 8, 20)]
    + [
        Graph([(i, j) for i in range(n) for j in range(i) if (i * j + i + j) % 3])
        for n in (4, 9, 25)
    ]
    + [DiGraph([(i, (i * 3 + 1) % n) for i in range(n)], loops=True) for n in (5, 11)]
    + [Graph([(i, i + 1, "xy"[i % 2]) for i in range(7)]), Graph(0), Graph(5)]
)
for g in graphs:
    n = g.order()
    for options in (
        {},
        {"partition": [list(range(n // 2)), list(range(n // 2, n))]} if n > 1 else {},
        {"use_edge_labels": False},
    ):
        first = canonical_form(g, return_graph=True, certificate=True, **options)
        turned = (
            g.relabel(lambda v: (v * 1 + 1) % n, inplace=False)
            if n and "partition" not in options
            else g
        )
        print(
            n,
            first[0].size(),
            sorted(first[1].values()) == list(range(n)) if first[1] else first[1],
            canonical_form(turned, return_graph=True, **options)
            == canonical_form(g, return_graph=True, **options),
            g.relabel(first[1], inplace=False) == first[0] if first[1] else "",
        )
    print(
        len(canonical_form(g, return_graph=False)),
        g.is_isomorphic(g.relabel(lambda v: (v + 1) % n, inplace=False)) if n else "",
    )
for bad in (
    lambda: canonical_form(None),
    lambda: canonical_form(graphs[0], partition=[[0]]),
    lambda: canonical_form(Graph(2), partition=[[9]]),
):
    try:
        print(bad())
    except Exception as e:
        print(type(e).__name__)
