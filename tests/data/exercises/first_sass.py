"""libsass: a style."""

import sass

print(sass.compile(string="$c: red; a { b { color: $c; width: 3px * 2; } }"))
