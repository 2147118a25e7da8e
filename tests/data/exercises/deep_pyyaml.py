"""Events, tags, styles, documents, encodings, errors and large inputs of libyaml."""

import io

import yaml

text = """%YAML 1.1
%TAG !e! tag:example.org,2000:
--- !e!top
a: &anchor
  - | 
    literal
     text
  - >-
    folded
    text
  - "double\\u00e9\\n\\x41"
  - 'single'
  - {flow: [1, 2, {x: y}]}
  - ? complex
    : value
b: *anchor
c: !!binary aGVsbG8=
d: 2001-12-14t21:59:43.10-05:00
<<: {merged: true}
...
--- second
"""
for event in yaml.parse(text, yaml.CLoader):
    print(
        type(event).__name__,
        event.start_mark.line,
        event.end_mark.column,
        getattr(event, "value", ""),
        getattr(event, "style", ""),
    )
for token in yaml.scan("a: [1, 'x']\n", yaml.CLoader):
    print(type(token).__name__)
print(yaml.serialize_all(yaml.compose_all("a: 1\n---\n[b]\n", yaml.CLoader), Dumper=yaml.CDumper))
for options in (
    {"default_flow_style": True},
    {"width": 20},
    {"indent": 4},
    {"default_style": '"'},
    {"default_style": "|"},
    {"encoding": "utf-16-le"},
    {"allow_unicode": True},
    {"explicit_start": True, "version": (1, 1)},
    {"line_break": "\r\n"},
):
    print(
        options,
        yaml.dump(
            {"long": "word " * 12, "é": ["multi\nline", b"bytes", 1.5, None, True]},
            Dumper=yaml.CSafeDumper,
            **options,
        ),
    )
for bad in (
    "a: [",
    "a: 'x",
    "\ta: 1",
    "a: b: c",
    "*none",
    "%BAD\n---",
    "a: &x 1\nb: *y",
    "- a\nb: c",
    "\x01",
    "!<tag> x",
    "{a: b",
    "? - x\n - y",
    "%TAG ! x\n%TAG ! y\n--- a",
):
    try:
        print(yaml.load(bad, yaml.CSafeLoader))
    except yaml.YAMLError as e:
        mark = getattr(e, "problem_mark", None)
        print(type(e).__name__, getattr(e, "problem", ""), mark and (mark.line, mark.column))
big = {f"key{n}": [{"x": n, "y": "z" * (n % 50)}] * 3 for n in range(1500)}
written = yaml.dump(big, Dumper=yaml.CSafeDumper)
print(yaml.load(io.BytesIO(written.encode("utf-16")), yaml.CSafeLoader) == big, len(written))
