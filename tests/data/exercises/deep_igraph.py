"""Generators, paths, flows, communities, isomorphism, layouts, formats and errors of igraph."""

import random

import igraph as ig

random.seed(7)
ig.set_random_number_generator(random)
g = ig.Graph.Famous("Zachary")
print(
    g.betweenness()[:3],
    g.closeness()[:3],
    g.transitivity_undirected(),
    g.diameter(),
    g.girth(),
    g.cohesion(),
    g.coreness()[:5],
)
for method in ("community_fastgreedy", "community_walktrap", "community_edge_betweenness"):
    print(method, getattr(g, method)().as_clustering().modularity.__round__(6))
for method in (
    "community_multilevel",
    "community_leading_eigenvector",
    "community_label_propagation",
    "community_infomap",
):
    print(method, len(getattr(g, method)()) > 0)
print(
    g.maxflow(0, 33).value,
    g.mincut().value,
    g.st_mincut(0, 33).value,
    g.vertex_connectivity(),
    len(g.maximal_cliques()),
    g.independence_number(),
)
print(
    [round(x, 4) for x in g.eigenvector_centrality()[:3]],
    [round(x, 4) for x in g.hub_score()[:3]],
    [round(x, 4) for x in g.pagerank(implementation="arpack")[:3]],
    [round(x, 4) for x in g.pagerank()[:3]],
)
print(
    g.isomorphic_vf2(g.permute_vertices(list(range(33, -1, -1)))),
    g.count_automorphisms(),
    g.canonical_permutation()[:3],
    g.get_subisomorphisms_lad(ig.Graph.Full(3))[:1],
)
for maker in (
    lambda: ig.Graph.Barabasi(50, 2),
    lambda: ig.Graph.Erdos_Renyi(50, 0.1),
    lambda: ig.Graph.Watts_Strogatz(1, 30, 2, 0.1),
    lambda: ig.Graph.Tree(40, 3),
    lambda: ig.Graph.Lattice([4, 5]),
    lambda: ig.Graph.Kautz(2, 2),
    lambda: ig.Graph.LCF(12, [5, -5], 6),
):
    made = maker()
    print(made.vcount(), made.is_connected() in (True, False))
for name in (
    "layout_circle",
    "layout_mds",
    "layout_sugiyama",
    "layout_reingold_tilford",
    "layout_star",
):
    print(name, [round(x, 2) for x in getattr(ig.Graph.Tree(15, 2), name)()[3]])
g.vs["name"], g.es["weight"] = [f"é{n}" for n in range(34)], [n % 5 + 1 for n in range(78)]
for form in (
    "graphml",
    "gml",
    "pajek",
    "lgl",
    "ncol",
    "edgelist",
    "dimacs",
    "dot",
    "leda",
    "pickle",
):
    try:
        g.write(f"g.{form}", form)
        print(
            form,
            ig.Graph.Read(f"g.{form}", form).ecount()
            if form not in ("dot", "leda", "dimacs")
            else "",
        )
    except Exception as e:
        print(form, type(e).__name__)
print(
    g.distances(0, 33, weights="weight"),
    g.get_shortest_paths(0, 20, weights="weight")[0],
    g.spanning_tree("weight").ecount(),
)
for bad in ("<graphml", "graph [ node", ""):
    with open("bad", "w") as file:
        file.write(bad)
    for form in ("graphml", "gml"):
        try:
            print(ig.Graph.Read("bad", form).vcount())
        except Exception as e:
            print(form, type(e).__name__)
