# packages: freetype-py
"""FreeType: outlines and bitmaps of a font of the system."""

import pathlib

import freetype

fonts = sorted(pathlib.Path("/usr/share/fonts").rglob("*.ttf"))
print(freetype.version()[0], bool(fonts))
for path in fonts[:1]:
    face = freetype.Face(str(path))
    face.set_char_size(48 * 64)
    for character in "aW&":
        face.load_char(character)
        bitmap = face.glyph.bitmap
        print(
            character, bitmap.width, bitmap.rows, sum(bitmap.buffer), len(face.glyph.outline.points)
        )
    print(face.get_kerning("A", "V").x, face.get_char_index("a"))
