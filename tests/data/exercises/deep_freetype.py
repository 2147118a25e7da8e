"""Outlines, strokes, transformations, caches of glyphs and broken fonts of FreeType."""

import pathlib

import freetype as ft

path = str(sorted(pathlib.Path("/usr/share/fonts").rglob("DejaVuSans.ttf"))[0])
face = ft.Face(path)
print(
    face.family_name, face.num_glyphs, face.units_per_EM, [c.encoding_name for c in face.charmaps]
)
for size in (9, 24, 96):
    face.set_char_size(size * 64, 0, 72, 96)
    print(face.size.ascender, face.size.height, face.size.max_advance)
    for flags in (
        ft.FT_LOAD_RENDER,
        ft.FT_LOAD_NO_HINTING | ft.FT_LOAD_RENDER,
        ft.FT_LOAD_TARGET_MONO | ft.FT_LOAD_RENDER,
        ft.FT_LOAD_FORCE_AUTOHINT,
        ft.FT_LOAD_RENDER | ft.FT_LOAD_TARGET_LCD,
    ):
        for character in "ag%Ж":
            face.load_char(character, flags)
            glyph = face.glyph
            print(
                character,
                glyph.advance.x,
                glyph.bitmap.rows,
                glyph.bitmap.width,
                sum(glyph.bitmap.buffer)
                if glyph.bitmap.rows and glyph.format == ft.FT_GLYPH_FORMAT_BITMAP
                else 0,
                glyph.metrics.height,
            )
face.set_pixel_sizes(0, 48)
stroker = ft.Stroker()
stroker.set(64, ft.FT_STROKER_LINECAP_ROUND, ft.FT_STROKER_LINEJOIN_ROUND, 0)
face.load_char("S", ft.FT_LOAD_DEFAULT | ft.FT_LOAD_NO_BITMAP)
glyph = face.glyph.get_glyph()
glyph.stroke(stroker, True)
bitmap = glyph.to_bitmap(ft.FT_RENDER_MODE_NORMAL, ft.Vector(0, 0), True)
print(bitmap.left, bitmap.top, bitmap.bitmap.rows, sum(bitmap.bitmap.buffer))
face.set_transform(ft.Matrix(0x8000, 0x1000, -0x1000, 0x8000), ft.Vector(100, 50))
face.load_char("R")
outline = face.glyph.outline
print(
    outline.get_bbox().xMax,
    outline.get_cbox().yMax,
    len(outline.points),
    outline.contours,
    outline.tags[:5],
)
said = []
outline.decompose(
    said,
    move_to=lambda a, c: c.append(a.x),
    line_to=lambda a, c: c.append(a.x),
    conic_to=lambda a, b, c: c.append(b.x),
    cubic_to=lambda a, b, d, c: c.append(d.x),
)
print(len(said), said[:6])
print(
    [face.get_kerning(a, b).x for a, b in ("AV", "To", "VA")],
    face.get_glyph_name(36),
    face.sfnt_name_count > 5,
)
print(
    sum(1 for _ in face.get_chars()),
    face.get_advance(36, ft.FT_LOAD_NO_SCALE),
    face.get_char_index("é"),
)
with open("broken.ttf", "wb") as file:
    file.write(pathlib.Path(path).read_bytes()[:5000])
for name in ("broken.ttf", "/dev/null", "none"):
    try:
        print(ft.Face(name).num_glyphs)
    except (ft.FT_Exception, OSError) as e:
        print(type(e).__name__)
many = [ft.Face(path) for _ in range(50)]
print(sum(f.get_char_index("a") for f in many))
