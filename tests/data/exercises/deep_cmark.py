"""All extensions and options, deep nesting and long inputs of cmark-gfm."""

import cmarkgfm
from cmarkgfm.cmark import Options

text = """# Title *em* **strong** `code`

1. one
   - two

     > quote [link](http://x "t") ![image](y)
2. [ ] task
3. [x] done

| a | b |
|:--|--:|
| 1 \\| 2 | ~~gone~~ |

```python
code
```

<script>x</script> <b>html</b> www.example.org me@example.org

[ref]: http://example.org 'title'
[ref] and [^1] "quotes" -- dashes...

[^1]: footnote

***
é & &copy; \\* <http://auto.link>
"""
for option in (
    "0",
    "CMARK_OPT_SOURCEPOS",
    "CMARK_OPT_HARDBREAKS",
    "CMARK_OPT_UNSAFE",
    "CMARK_OPT_NOBREAKS",
    "CMARK_OPT_SMART",
    "CMARK_OPT_FOOTNOTES",
    "CMARK_OPT_GITHUB_PRE_LANG",
    "CMARK_OPT_LIBERAL_HTML_TAG",
    "CMARK_OPT_TABLE_PREFER_STYLE_ATTRIBUTES",
):
    value = getattr(Options, option, 0)
    print(
        option,
        cmarkgfm.markdown_to_html(text, value),
        cmarkgfm.github_flavored_markdown_to_html(text, value),
    )
    print(
        cmarkgfm.markdown_to_html_with_extensions(
            text, value, ["table", "strikethrough", "autolink", "tagfilter", "tasklist"]
        )
    )
for deep in (
    "> " * 300 + "x",
    "- " * 200 + "x",
    "[" * 2000 + "a",
    "*a_ " * 2000,
    "| a " * 200 + "|\n" + "|---" * 200 + "|\n" + "| b " * 200 + "|\n",
    "`" * 3000,
    "<" * 500,
    "[a](" * 500,
    "\n".join(f"[r{n}]: x" for n in range(2000)) + "\n\n[r7] [r1999]",
):
    made = cmarkgfm.github_flavored_markdown_to_html(deep)
    print(len(made), made[:60])
