"""Regular expressions, dates, paths, reductions, errors, arguments and long programs of jq."""

import jq

data = {
    "a": [{"n": i, "t": f"text {i} é", "d": 1.5e300 * i} for i in range(50)],
    "b": None,
    "s": "2015-03-05T23:51:47Z",
}
for program in (
    '.a | map(select(.t | test("^text 1\\\\d"))) | length',
    '[.a[].t | capture("(?<n>\\\\d+)").n | tonumber] | add',
    '.s | fromdate, (fromdate | todate), (strptime("%Y-%m-%dT%H:%M:%SZ") | mktime)',
    "[paths] | length",
    "reduce .a[].n as $x (0; . + $x)",
    "[limit(5; range(100))]",
    ".a | group_by(.n % 3) | map(length)",
    '[.a[:3][] | .t | gsub("e"; "E")]',
    ".a | sort_by(-.n) | .[0].n",
    "tojson | fromjson | .a[2].t",
    "[.a[3].t | explode[]] | implode",
    '@base64 "x\\(.s)", @uri "\\(.a[1].t)", @html "<\\(.s)>", @csv "\\([1,"a"])"',
    "def f(n): if n > 1 then n * f(n - 1) else 1 end; f(20)",
    "[.[] | type]",
    '.a | to_entries | from_entries? // "none"',
    'try error("x") catch .',
    "input",
    ".a[0] | del(.n) | keys",
    '[splits("a")]?',
    "path(..) | select(length > 2)",
    "$x + $y",
    'getpath(["a", 3, "n"])',
    "env | type",
    "[.a[].d] | max",
    "ltrimstr(1)",
    ". as {a: [$h]} | $h.n",
    "label $out | foreach .a[] as $i (0; . + 1; if . > 3 then ., break $out else empty end)",
    "@json",
    "infinite, nan | isnan",
    "[1, [2]] | flatten, getpath([5])",
    "pow(2; 10), log2, (10 | sqrt)",
    "input_line_number",
    "splits",
    "nope",
    ".a[",
    "1 +",
    ".a | error",
):
    try:
        print(
            program[:20],
            str(jq.compile(program, args={"x": 1, "y": 2}).input_value(data).all())[:200],
        )
    except ValueError as e:
        print(program[:20], type(e).__name__)
for text in ('{"a":', "[1,]", "nul", '"\\ud800"', "1 2 [3]", '{"a":1e1000}'):
    try:
        print(jq.compile(".").input_text(text, slurp=True).all())
    except ValueError as e:
        print(type(e).__name__)
long = " | ".join([". + 1"] * 500)
print(
    jq.compile(long).input_value(0).first(),
    sum(1 for _ in jq.compile("range(20000)").input_value(None)),
)
