"""Pages with text, fonts, images, drawings, HTML, annotations and codes written, rendered, read and broken by PyMuPDF."""

import zlib

import pymupdf

pymupdf.TOOLS.mupdf_display_errors(False)
pymupdf.TOOLS.mupdf_display_warnings(False)
pix = pymupdf.Pixmap(pymupdf.csRGB, pymupdf.IRect(0, 0, 60, 40), False)
for x in range(60):
    for y in range(40):
        pix.set_pixel(x, y, (x * 4, y * 6, (x * y) % 256))
images = {kind: pix.tobytes(kind) for kind in ("png", "jpg", "pnm")}
print({k: len(v) > 100 for k, v in images.items()})
for kind in ("png", "jpg", "pnm"):
    back = pymupdf.Pixmap(images[kind])
    print(
        kind,
        back.width,
        back.height,
        back.n,
        abs(back.pixel(30, 20)[0] - 120) < 6,
        back.color_count() > 50,
    )
document = pymupdf.open()
page = document.new_page()
for n, name in enumerate(("helv", "tiro", "cour", "symb", "china-s", "japan")):
    page.insert_text(
        (50, 60 + 30 * n), f"text number {n} in {name} é 中", fontname=name, fontsize=14
    )
    font = pymupdf.Font(name)
    print(
        name,
        font.name,
        round(font.text_length("hello", 11), 2),
        font.has_glyph(65),
        font.glyph_bbox(65),
        round(font.ascender, 2),
        len(font.valid_codepoints()) > 10,
    )
page.insert_image(pymupdf.Rect(300, 50, 420, 130), stream=images["jpg"])
page.insert_image(pymupdf.Rect(300, 150, 420, 230), stream=images["png"])
shape = page.new_shape()
shape.draw_bezier((50, 300), (100, 250), (150, 350), (200, 300))
shape.draw_circle((250, 300), 30)
shape.finish(color=(1, 0, 0), fill=(0, 0.5, 1), width=2)
shape.commit()
print(
    page.insert_htmlbox(
        pymupdf.Rect(50, 350, 400, 500),
        "<h1>Title</h1><p>some <b>bold</b> <i>text</i></p><ul><li>one</li><li>two</li></ul><table><tr><td>1</td></tr></table>",
    )
)
page.add_highlight_annot(page.search_for("number 2"))
page.add_freetext_annot(pymupdf.Rect(50, 520, 200, 560), "free text")
page.insert_link(
    {"kind": pymupdf.LINK_URI, "from": pymupdf.Rect(0, 0, 50, 50), "uri": "https://example.org"}
)
document.set_toc([[1, "One", 1]])
document.embfile_add("a.txt", b"attached")
data = document.tobytes(deflate=True, garbage=3)
for password in ("", "secret"):
    data = (
        document.tobytes(encryption=pymupdf.PDF_ENCRYPT_AES_256, user_pw=password, owner_pw="o")
        if password
        else data
    )
    again = pymupdf.open("pdf", data)
    print(
        again.needs_pass,
        again.authenticate(password),
        again.page_count,
        again.get_toc(),
        again.metadata["format"][:3],
        again.embfile_names(),
    )
    first = again[0]
    print(
        first.get_text()[:400],
        len(first.get_text("dict")["blocks"]),
        len(first.get_drawings()),
        [a.type[1] for a in first.annots()],
        first.get_links()[0]["uri"],
    )
    for scale in (0.5, 2):
        for space in (pymupdf.csRGB, pymupdf.csGRAY, pymupdf.csCMYK):
            p = first.get_pixmap(matrix=pymupdf.Matrix(scale, scale), colorspace=space)
            print(p.width, p.height, p.n, zlib.crc32(p.samples))
    print(
        [(i[2], i[3], i[8]) for i in first.get_images()],
        len(first.get_svg_image()) > 1000,
        [f[3] for f in first.get_fonts()],
    )
    for image in first.get_images():
        got = again.extract_image(image[0])
        print(got["ext"], got["width"], got["height"])
for text, kind in (
    ("<html><body><h1>T</h1><p>para</p><img src='x'/></body></html>", "html"),
    ("# a\n\n- b\n- c\n", "md"),
    ("plain\ntext", "txt"),
    (
        "<svg xmlns='http://www.w3.org/2000/svg' width='90' height='90'><circle cx='40' cy='40' r='30'/></svg>",
        "svg",
    ),
    (
        "<?xml version='1.0'?><FictionBook><body><section><p>fb</p></section></body></FictionBook>",
        "fb2",
    ),
):
    try:
        d = pymupdf.open(kind, text.encode())
        print(kind, d.page_count, d[0].get_text().split(), zlib.crc32(d[0].get_pixmap().samples))
    except Exception as e:
        print(kind, type(e).__name__)
for bad in (
    lambda: pymupdf.open("pdf", data[:300]).page_count,
    lambda: pymupdf.open("/nowhere.pdf"),
    lambda: pymupdf.Pixmap(images["jpg"][:200]),
    lambda: pymupdf.Pixmap(b"GIF89a"),
    lambda: pymupdf.Pixmap(images["png"][:80]),
    lambda: document[99],
    lambda: pymupdf.Font("nosuch"),
    lambda: pymupdf.Font(fontbuffer=b"x" * 100),
):
    try:
        print(bad() is None)
    except Exception as e:
        print(type(e).__name__)
