# packages: uharfbuzz
"""HarfBuzz: shaping and subsetting of a font of the system."""

import pathlib

import uharfbuzz

FONT = pathlib.Path("/usr/share/fonts")
fonts = sorted(FONT.rglob("DejaVuSans.ttf")) or sorted(FONT.rglob("*.ttf"))
blob = uharfbuzz.Blob(fonts[0].read_bytes()) if fonts else uharfbuzz.Blob(b"")
face = uharfbuzz.Face(blob)
font = uharfbuzz.Font(face)
buffer = uharfbuzz.Buffer()
buffer.add_str("office AVATAR")
buffer.guess_segment_properties()
uharfbuzz.shape(font, buffer, {"kern": True, "liga": True})
print(
    face.upem,
    [i.codepoint for i in buffer.glyph_infos],
    [p.x_advance for p in buffer.glyph_positions],
)
wanted = uharfbuzz.SubsetInput()
wanted.sets(uharfbuzz.SubsetInputSets.UNICODE).set({ord(c) for c in "office"})
print(len(uharfbuzz.subset(face, wanted).blob.data))
