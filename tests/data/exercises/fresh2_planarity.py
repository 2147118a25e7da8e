"""Planar and other graphs, embeddings, obstructions, outer planarity, by the planarity suite."""

import sage.all__sagemath_graphs  # noqa: F401 - the categories have to be made first
from sage.graphs.graph import Graph
from sage.graphs.planarity import is_planar


def grid(n):
    return Graph(
        [
            ((i, j), (i + a, j + b))
            for i in range(n)
            for j in range(n)
            for a, b in ((0, 1), (1, 0))
            if i + a < n and j + b < n
        ]
    )


complete = lambda n: Graph([(i, j) for i in range(n) for j in range(i)])  # noqa: E731
graphs = {
    "grid": grid(5),
    "k4": complete(4),
    "k5": complete(5),
    "k33": Graph([(i, j + 3) for i in range(3) for j in range(3)]),
    "k7": complete(7),
    "tree": Graph([(i, i // 2) for i in range(1, 40)]),
    "wheel": Graph([(0, i) for i in range(1, 9)] + [(i, i % 8 + 1) for i in range(1, 9)]),
    "empty": Graph(4),
    "petersen": Graph(
        [(i, (i + 1) % 5) for i in range(5)]
        + [(i, i + 5) for i in range(5)]
        + [(5 + i, 5 + (i + 2) % 5) for i in range(5)]
    ),
    "big": grid(12),
}
for name, g in graphs.items():
    for kuratowski, embed, positions in (
        (False, False, False),
        (True, False, False),
        (False, True, False),
        (True, True, False),
        (False, True, True),
    ):
        try:
            h = g.copy()
            found = is_planar(h, kuratowski=kuratowski, set_pos=positions, set_embedding=embed)
            told = (
                found
                if isinstance(found, bool)
                else (found[0], found[1] and sorted(found[1].degree_sequence())[-6:])
            )
            print(
                name,
                told,
                sorted(map(len, h.faces()))[-3:]
                if embed and found in (True,) and g.order() < 30 and g.is_connected() and g.size()
                else "",
            )
        except Exception as e:
            print(name, type(e).__name__)
    print(name, g.is_planar(), g.is_circular_planar() if g.order() < 30 else "")
