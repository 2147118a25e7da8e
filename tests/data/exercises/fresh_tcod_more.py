"""Tile sets, contexts and events without a screen, sounds, pictures, heights, names and texts, by libtcod and SDL."""

import glob
import os
import tempfile
import warnings

os.environ.update(SDL_VIDEODRIVER="dummy", SDL_AUDIODRIVER="dummy", SDL_RENDER_DRIVER="software")
warnings.simplefilter("ignore")
import numpy
import tcod
import tcod.console
import tcod.context
import tcod.event
import tcod.image
import tcod.libtcodpy as libtcod
import tcod.tileset

tiles = tcod.tileset.Tileset(8, 12)
for code in range(32, 127):
    picture = numpy.zeros((12, 8, 4), "u1")
    picture[2:10, 1 : 2 + code % 6] = 255
    tiles.set_tile(code, picture)
print(tiles.tile_width, tiles.tile_height, int(tiles.get_tile(65).sum()) // 1000)
fonts = sorted(glob.glob("/usr/share/fonts/truetype/dejavu/DejaVuSansMono.ttf"))
if fonts:
    loaded = tcod.tileset.load_truetype_font(fonts[0], 8, 16)
    print(loaded.tile_shape, bool(loaded.get_tile(ord("A")).any()))
console = tcod.console.Console(40, 20, order="F")
console.rgb["ch"][3, 4] = ord("@")
console.rgb["fg"][:] = (200, 100, 50)
console.print(1, 1, "text", fg=(1, 2, 3))
print(int(tiles.render(console).astype("i8").sum()) // 10000)
try:
    with tcod.context.new(columns=40, rows=20, tileset=tiles, renderer=1) as context:
        for i in range(5):
            console.print(0, i, f"line {i}")
            context.present(console)
        print(context.recommended_console_size()[0] > 0, context.pixel_to_tile(20, 30) is not None)
        for event in tcod.event.get():
            str(event)
        print(tcod.event.get_mouse_state() is not None)
except Exception as e:
    print(type(e).__name__)
image = tcod.image.Image.from_array(numpy.arange(30 * 40 * 3, dtype="u1").reshape(30, 40, 3))
print(image.get_pixel(5, 6), image.get_mipmap_pixel(0, 0, 20, 20))
image.invert()
image.set_key_color((0, 0, 0))
image.blit(console, 20, 10, 1, 0.7, 0.7, 0.4)
image.blit_2x(console, 5, 5)
image.blit_rect(console, 0, 0, 10, 10, 1)
print(int(console.bg.astype("i8").sum()) // 1000)
with tempfile.TemporaryDirectory() as directory:
    path = os.path.join(directory, "a.png")
    image.save_as(path)
    print(tcod.image.Image.from_file(path).get_pixel(5, 6), tcod.image.load(path).shape)
h = numpy.zeros((32, 32), "f4")
libtcod.heightmap_add_fbm(
    h, libtcod.noise_new(2, 0.5, 2.0, libtcod.random_new_from_seed(5)), 4, 4, 0, 0, 4, 0.5, 1.0
)
print(round(float(h.mean()), 4), [round(v, 4) for v in libtcod.heightmap_get_minmax(h)])
libtcod.heightmap_rain_erosion(h, 200, 0.1, 0.1, libtcod.random_new_from_seed(6))
libtcod.heightmap_dig_bezier(h, (2, 10, 20, 30), (2, 25, 5, 30), 2, 0.2, 2, 0.2)
libtcod.heightmap_add_voronoi(h, 10, 3, [0.1, 0.2, 0.3], libtcod.random_new_from_seed(7))
libtcod.heightmap_clamp(h, 0, 1)
print(
    round(float(h.mean()), 4),
    [round(v, 3) for v in libtcod.heightmap_get_normal(h, 9.5, 9.5, 0)],
    libtcod.heightmap_count_cells(h, 0.2, 0.8),
)
random = libtcod.random_new_from_seed(11)
print(
    [libtcod.random_get_int(random, 0, 99) for _ in range(5)],
    [round(libtcod.random_get_double(random, 0, 1), 4) for _ in range(3)],
)
saved = libtcod.random_save(random)
a = [libtcod.random_get_int(random, 0, 99) for _ in range(5)]
libtcod.random_restore(random, saved)
print(a == [libtcod.random_get_int(random, 0, 99) for _ in range(5)])
tree = libtcod.bsp_new_with_size(0, 0, 60, 40)
libtcod.bsp_split_recursive(tree, libtcod.random_new_from_seed(3), 5, 5, 5, 1.5, 1.5)
found = []
libtcod.bsp_traverse_level_order(tree, lambda n, u: found.append((n.x, n.y, n.w, n.h)))
print(len(found), found[:4])
colours = (
    libtcod.color_gen_map([(0, 0, 0), (255, 128, 0)], [0, 8])
    if hasattr(libtcod, "color_gen_map")
    else []
)
print([tuple(c) for c in colours][::4])
for bad in (
    lambda: tcod.tileset.load_tilesheet("/no/such.png", 16, 16, None),
    lambda: tcod.tileset.load_truetype_font("/no/such.ttf", 8, 8),
    lambda: tcod.tileset.load_bdf("/no/such.bdf"),
    lambda: tcod.context.new(columns=-5, rows=0),
):
    try:
        print(type(bad()).__name__)
    except Exception as e:
        print(type(e).__name__)
