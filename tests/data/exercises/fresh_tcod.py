"""Consoles, fields of view, paths, noise, random numbers, dungeons and files, by libtcod."""

import os
import tempfile
import warnings

warnings.simplefilter("ignore")
import numpy
import tcod
import tcod.bsp
import tcod.console
import tcod.image
import tcod.los
import tcod.map
import tcod.noise
import tcod.path
import tcod.random

c = tcod.console.Console(30, 10, order="F")
c.print(1, 1, "Täg text", fg=(255, 0, 0), bg=(0, 0, 50))
c.draw_frame(0, 0, 20, 8, "Title", clear=False)
c.draw_rect(5, 3, 4, 2, ord("#"), fg=(9, 9, 9))
print(chr(c.ch[1, 1]), c.fg[1, 1].tolist(), c.bg[2, 1].tolist(), c.ch.sum() % 9973)
print(
    c.print_box(2, 2, 6, 5, "a long text that is wrapped", alignment=tcod.libtcodpy.CENTER) > 1,
    c.get_height_rect(0, 0, 5, 9, "word " * 5) if hasattr(c, "get_height_rect") else "",
)
other = tcod.console.Console(30, 10, order="F")
c.blit(other, 2, 2, 0, 0, 10, 5, 0.5, 0.5)
print(other.ch.sum() % 9973, len(str(other)))
transparent = numpy.ones((20, 20), bool, order="F")
transparent[10, 5:15] = False
for algorithm in (0, 1, 2, 3, 12):
    print(
        algorithm,
        int(tcod.map.compute_fov(transparent, (5, 10), radius=9, algorithm=algorithm).sum()) > 50,
    )
cost = transparent.astype("i4")
for finder in (tcod.path.AStar(cost, 1.41), tcod.path.Dijkstra(cost, 0)):
    if isinstance(finder, tcod.path.AStar):
        print(len(finder.get_path(2, 10, 18, 10)) > 15)
    else:
        finder.set_goal(2, 10)
        print(len(finder.get_path(18, 10)) > 15)
graph = tcod.path.SimpleGraph(cost=cost, cardinal=2, diagonal=3)
pathfinder = tcod.path.Pathfinder(graph)
pathfinder.add_root((2, 10))
print(len(pathfinder.path_to((18, 10))) > 10, int(pathfinder.distance[2, 10]))
distance = tcod.path.maxarray((20, 20), dtype="i4", order="F")
distance[0, 0] = 0
print(
    int(tcod.path.dijkstra2d(distance, cost, 2, 3, out=distance)[19, 19]),
    tcod.path.hillclimb2d(distance, (5, 5), True, True).shape,
)
for algorithm in (
    tcod.noise.Algorithm.SIMPLEX,
    tcod.noise.Algorithm.PERLIN,
    tcod.noise.Algorithm.WAVELET,
):
    for implementation in (
        tcod.noise.Implementation.SIMPLE,
        tcod.noise.Implementation.FBM,
        tcod.noise.Implementation.TURBULENCE,
    ):
        noise = tcod.noise.Noise(
            2, algorithm=algorithm, implementation=implementation, octaves=4, seed=7
        )
        print(
            algorithm.name,
            implementation.name,
            round(noise.get_point(1.25, 2.5), 4),
            noise[tcod.noise.grid((4, 4), 0.25)].shape,
        )
for kind in (tcod.random.MERSENNE_TWISTER, tcod.random.COMPLEMENTARY_MULTIPLY_WITH_CARRY):
    r = tcod.random.Random(kind, seed=11)
    print(
        r.randint(0, 1000),
        round(r.uniform(0, 1), 5),
        round(r.guass(5, 1), 3) if hasattr(r, "guass") else "",
    )
tree = tcod.bsp.BSP(0, 0, 50, 40)
tree.split_recursive(4, 5, 5, 1.5, 1.5, seed=tcod.random.Random(0, 3))
print(
    sum(1 for _ in tree.pre_order()),
    sum(1 for n in tree.level_order() if not n.children),
    tree.find_node(7, 7).level,
)
print(tcod.los.bresenham((0, 0), (7, 3)).tolist()[-2:])
image = tcod.image.Image(16, 12)
image.put_pixel(3, 4, (10, 20, 30))
image.hflip(), image.scale(8, 6), image.rotate90()
print(image.width, image.height)
heights = numpy.zeros((16, 16), "f4")
tcod.libtcodpy.heightmap_add_hill(heights, 8, 8, 5, 2.0)
tcod.libtcodpy.heightmap_normalize(heights, 0, 1)
print(
    round(float(heights.sum()), 2),
    round(float(tcod.libtcodpy.heightmap_get_slope(heights, 5, 5)), 3),
)
names = os.path.join(tempfile.mkdtemp(), "a.xp")
tcod.console.save_xp(names, [c, other])
back = tcod.console.load_xp(names, order="F")
print(len(back), bool((back[0].ch == c.ch).all()))
for bad in (
    lambda: tcod.console.load_xp("/no/such.xp"),
    lambda: tcod.image.Image.from_file("/no/such.png"),
    lambda: tcod.map.compute_fov(transparent, (99, 99)).shape,
    lambda: tcod.console.Console(-1, 5),
):
    try:
        print(bad())
    except Exception as e:
        print(type(e).__name__)
