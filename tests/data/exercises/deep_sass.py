"""Functions, importers, source maps, mixins, colours, errors and long styles of libsass."""

import sass

style = """@import "part"; @import "other";
$map: (a: 1px, b: 2px); @function twice($x) { @return $x * 2; }
@mixin m($n, $rest...) { w: $n; @content; @each $r in $rest { x: $r; } }
@each $k, $v in $map { .#{$k} { width: twice($v); @extend %p; } } %p { color: lighten(#336699, 20%); }
@for $i from 1 through 3 { .i#{$i} { @include m($i, a, b) { y: mine($i, "s", (1, 2)); } } }
a { &:hover { color: rgba(1, 2, 3, .5); } @media (min-width: 1px) { b & { c: calc(1px + 2%); } } }
@while false { } @if 1 == 1 { x { y: unquote("z"); l: nth((1 2 3), 2); s: str-slice("hello", 2, 3); m: inspect($map); c: mix(red, blue); u: unique-id() != 1; } }
@debug "d"; @supports (a: b) { q { r: s } } @font-face { src: url(x) }
"""
for form in ("nested", "expanded", "compact", "compressed"):
    css = sass.compile(
        string=style,
        output_style=form,
        importers=[(0, lambda path: [(path, "p { q: r }")])],
        custom_functions={
            sass.SassFunction(
                "mine", ("$a", "$b", "$c"), lambda a, b, c: sass.SassNumber(a.value + 1, "em")
            )
        },
        precision=3,
    )
    print(form, css)
with open("_part.scss", "w") as file:
    file.write("@import 'more'; part { x: y }")
with open("_more.scss", "w") as file:
    file.write("more { x: y }")
with open("main.scss", "w") as file:
    file.write("@import 'part'; a { b: c }")
css, source_map = sass.compile(
    filename="main.scss",
    source_map_filename="main.map",
    source_map_contents=True,
    source_comments=True,
)
print(len(css) > 50, '"mappings"' in source_map)
print(sass.compile(string="a\n  b: c\n  d\n    e: f\n", indented=True))
for bad in (
    "a {",
    "a { b: $c }",
    "@import 'none';",
    "a { @include x }",
    "@error 'told';",
    "a { b: 1px + 1s }",
    "a { b: nth((1), 5) }",
    "@function f() { } a { b: f() }",
    "a { &b { @extend .none } }",
):
    try:
        print(sass.compile(string=bad))
    except sass.CompileError as e:
        print(str(e).splitlines()[0])
print(
    len(
        sass.compile(
            string="".join(f".a{n} {{ b: {n}px; c {{ d: e }} }}\n" for n in range(3000)),
            output_style="compressed",
        )
    )
)
