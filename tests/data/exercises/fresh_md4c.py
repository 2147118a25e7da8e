"""Markdown of all kinds as HTML and as events, with dialects, tables, stops and errors, by MD4C."""

import md4c

text = """\
# Täg *em* **strong** `code`

> quote
> * a
>   * b

1. one
2. two

| a | b |
|:--|--:|
| 1 | ~~2~~ |

- [x] done
- [ ] open

```python
x = 1 & 2
```

[link](http://example.org "title") ![image](a.png) <http://auto.org> www.example.com me@example.org

<div>html</div> &amp; &copy; &#35; $x^2$ [[wiki|text]]
setext
===
***
"""
for flags in (
    0,
    md4c.MD_DIALECT_GITHUB,
    md4c.MD_FLAG_TABLES | md4c.MD_FLAG_STRIKETHROUGH | md4c.MD_FLAG_TASKLISTS,
    md4c.MD_FLAG_LATEXMATHSPANS | md4c.MD_FLAG_WIKILINKS,
    md4c.MD_FLAG_NOHTML | md4c.MD_FLAG_UNDERLINE,
    md4c.MD_FLAG_PERMISSIVEAUTOLINKS if hasattr(md4c, "MD_FLAG_PERMISSIVEAUTOLINKS") else 0,
):
    for html in (0, md4c.MD_HTML_FLAG_XHTML, md4c.MD_HTML_FLAG_VERBATIM_ENTITIES):
        made = md4c.HTMLRenderer(flags, html).parse(text)
        print(flags, html, made.count("<"), made.replace("\n", "|")[:150])
events = []
parser = md4c.GenericParser(md4c.MD_DIALECT_GITHUB)
parser.parse(
    text,
    lambda kind, detail: events.append(("in", kind.name, sorted(detail))),
    lambda kind, detail: events.append(("out", kind.name)),
    lambda kind, detail: events.append(("span", kind.name, sorted(detail))),
    lambda kind, detail: events.append(("end", kind.name)),
    lambda kind, said: events.append((kind.name, said)),
)
print(len(events), events[:6], [e for e in events if e[:2] == ("in", "TD")][:2])
count = []


def stop(kind, detail):
    count.append(kind)
    if len(count) == 3:
        raise md4c.StopParsing


def nothing(*arguments):
    pass


parser.parse(text, stop, nothing, nothing, nothing, nothing)
print(len(count))


def broken(kind, said):
    raise KeyError("x")


try:
    parser.parse(text, nothing, nothing, nothing, nothing, broken)
except KeyError as e:
    print(type(e).__name__)
renderer = md4c.HTMLRenderer()
print(
    renderer.parse(""),
    renderer.parse("x" * 5000) == f"<p>{'x' * 5000}</p>\n",
    renderer.parse(b"bytes"),
)
print(
    renderer.parse("[" * 500)[:10],
    renderer.parse("*" * 999)[:10],
    len(renderer.parse("> " * 200 + "x")),
)
print(md4c.lookup_entity("&copy;"), md4c.lookup_entity("&none;"), md4c.lookup_entity("&ouml;"))
for bad in (
    lambda: renderer.parse(5),
    lambda: md4c.HTMLRenderer(2**20, strikethrough="x").parse("a"),
):
    try:
        print(bad())
    except Exception as e:
        print(type(e).__name__)
