"""cmark-gfm: a page."""

import cmarkgfm

print(cmarkgfm.github_flavored_markdown_to_html("# a\n\n| x | y |\n|---|---|\n| 1 | ~~2~~ |\n"))
