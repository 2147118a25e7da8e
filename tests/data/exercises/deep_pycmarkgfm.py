"""Markdown, extensions, options, long inputs and task lists of cmark-gfm by pycmarkgfm."""

import pycmarkgfm
from pycmarkgfm import options as o

text = """# Title

A *b* **c** `d` ~~e~~ <https://x.org> www.example.com "quoted" -- dash... [^1]

| a | b |
|---|:-:|
| 1 | 2 |

- [ ] todo
- [x] done
  1. one
  2. two

> quote
```py
code <b>
```
<script>x</script> <i>html</i> [l](javascript:x) ![i](u "t") &copy; \\* a\\
b

[^1]: note
"""
for flags in (
    0,
    o.unsafe,
    o.hardbreaks,
    o.nobreaks,
    o.smart,
    o.sourcepos,
    o.footnotes,
    o.github_pre_lang,
    o.unsafe | o.footnotes | o.smart,
):
    print(pycmarkgfm.markdown_to_html(text, flags))
    print(pycmarkgfm.gfm_to_html(text, flags))
print(
    len(pycmarkgfm.gfm_to_html("* a\n" * 5000)),
    len(pycmarkgfm.gfm_to_html("[" * 3000)),
    len(pycmarkgfm.gfm_to_html("> " * 800 + "x")),
)
print(
    len(pycmarkgfm.gfm_to_html("|a|b|\n|-|-|\n" + "|1|2|\n" * 3000)),
    len(pycmarkgfm.gfm_to_html("a\0b\ufffd \U0001f600")),
)
with pycmarkgfm.parse_gfm(text, options=o.unsafe) as document:
    print(document.to_html()[:80])
    print(document.to_commonmark())
print(pycmarkgfm.gfm_toggle_task_by_id is None)
