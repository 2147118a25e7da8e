"""Shaping of scripts, features, variations, drawing, subsetting with layout, and repacking."""

import pathlib

import uharfbuzz as hb

path = sorted(pathlib.Path("/usr/share/fonts").rglob("DejaVuSans.ttf"))[0]
face = hb.Face(hb.Blob(path.read_bytes()))
font = hb.Font(face)
for size in (10, 1000):
    font.scale, font.ppem = (size * 64, size * 64), (size, size)
    for text, options in (
        ("office AVATAR", {}),
        ("office AVATAR", {"kern": False, "liga": False}),
        ("e\u0301a\u0308", {}),
        ("שלום עולם", {}),
        ("مرحبا بالعالم", {"init": True}),
        ("Ждать", {"smcp": True}),
        ("", {}),
    ):
        buffer = hb.Buffer()
        buffer.add_str(text)
        buffer.cluster_level = hb.BufferClusterLevel.CHARACTERS
        buffer.guess_segment_properties()
        hb.shape(font, buffer, options)
        print(
            buffer.direction,
            buffer.script,
            [(i.codepoint, i.cluster) for i in buffer.glyph_infos],
            [tuple(p.position) for p in buffer.glyph_positions or ()],
        )
print(
    font.get_font_extents("ltr"),
    font.glyph_to_string(36),
    font.get_nominal_glyph(65),
    font.get_glyph_extents(36),
)
lines = []
draw = hb.DrawFuncs()
draw.set_move_to_func(lambda x, y, d: d.append((round(x), round(y))))
draw.set_line_to_func(lambda x, y, d: d.append((round(x), round(y))))
draw.set_quadratic_to_func(lambda a, b, x, y, d: d.append((round(x), round(y))))
draw.set_cubic_to_func(lambda a, b, c, e, x, y, d: d.append((round(x), round(y))))
draw.set_close_path_func(lambda d: d.append("z"))
for glyph in (36, 70, 100):
    font.draw_glyph(glyph, draw, lines)
print(len(lines), lines[:5])
print(
    hb.ot_layout_language_get_feature_tags(face, "GPOS")[:4],
    hb.ot_layout_table_get_script_tags(face, "GSUB")[:4],
    len(face.unicodes),
)
for flags in (
    hb.SubsetFlags.DEFAULT,
    hb.SubsetFlags.NO_HINTING,
    hb.SubsetFlags.RETAIN_GIDS | hb.SubsetFlags.GLYPH_NAMES,
):
    wanted = hb.SubsetInput()
    wanted.sets(hb.SubsetInputSets.UNICODE).set({ord(c) for c in "office AVATAR ж ם"})
    wanted.flags = flags
    small = hb.subset(face, wanted)
    again = hb.Font(small)
    buffer = hb.Buffer()
    buffer.add_str("AVATAR")
    buffer.guess_segment_properties()
    hb.shape(again, buffer)
    print(
        small.glyph_count, sum(p.x_advance for p in buffer.glyph_positions), len(small.table_tags)
    )
plan = hb.SubsetPlan(face, wanted)
print(len(plan.old_to_new_glyph_mapping), plan.execute().glyph_count)
print(hb.Face(hb.Blob(b"garbage")).glyph_count)
