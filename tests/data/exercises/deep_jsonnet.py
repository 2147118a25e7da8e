"""Functions, imports, callbacks, multiple outputs and errors of Jsonnet."""

import json

import _jsonnet

program = """
local f(x) = if x <= 1 then 1 else x * f(x - 1);
{ fac: [f(n) for n in std.range(0, 15)], sorted: std.sort([3, 1, 2]), md5: std.md5('x'),
  text: std.format('%5.2f|%-8s|%x', [3.14159, 'ab', 255]), obj: { a: 1 } + { a+: 2, b:: 3 },
  split: std.split('a,b,c', ','), ext: std.extVar('v'), code: std.extVar('c'),
  esc: std.escapeStringJson('é\\n'), parse: std.parseJson('{"a": [1, 2.5, null]}'),
  fold: std.foldl(function(a, b) a + b, std.range(1, 100), 0), pow: std.pow(2, 0.5),
  lib: (import 'lib.libsonnet').twice(21), s: importstr 'text', native: std.native('add')(1, 2),
  manifest: std.manifestYamlDoc({ a: [1, { b: 'c' }] }), uni: std.codepoint('é'), b64: std.base64('abc') }
"""
files = {"lib.libsonnet": b"{ twice(x):: x * 2 }", "text": b"some text"}


def load(directory, name):
    if name in files:
        return directory + name, files[name]
    raise RuntimeError("no such file")


natives = {"add": (("a", "b"), lambda a, b: a + b), "fail": ((), lambda: 1 / 0)}
out = _jsonnet.evaluate_snippet(
    "x",
    program,
    ext_vars={"v": "text"},
    ext_codes={"c": "[1, 2]"},
    import_callback=load,
    native_callbacks=natives,
)
print(json.dumps(json.loads(out), sort_keys=True))
print(_jsonnet.evaluate_snippet("x", "function(a, b=2) a + b", tla_codes={"a": "40"}))
print(len(_jsonnet.evaluate_snippet("x", "std.range(1, 30000)")))
for bad in (
    "{",
    "error 'x'",
    "import 'none'",
    "local a = a; a",
    "1 + {}",
    "std.native('fail')()",
    "{assert false}",
    "local f(x) = f(x + 1); f(0)",
    "'a' % [1, 2]",
):
    try:
        print(
            _jsonnet.evaluate_snippet(
                "x", bad, import_callback=load, native_callbacks=natives, max_stack=200
            )
        )
    except Exception as e:
        print(type(e).__name__, str(e).splitlines()[0][:40])
