"""Look-behind, recursion, properties, sets and errors of Oniguruma."""

import onigurumacffi as o

for pattern, text in (
    (r"(?<=foo)bar", "foobar"),
    (r"\A(?<p>\((?:[^()]|\g<p>)*\))\z", "(a(b)c)"),
    (r"\p{Lu}\p{Ll}+", "éÀbc"),
    (r"(?i)STRASSE", "straße"),
    (r"(a|b)\1", "abb"),
    (r"(?>a+)b", "aaab"),
    (r"\h+", "xyz1aF"),
    (r"[[:alpha:]&&[^aeiou]]+", "aeixyz"),
    (r"(?m:a.b)", "a\nb"),
    (r"\bword\b", "a word here"),
    (r"(?~abc)", "xxabcxx"),
    (r"\X", "e\u0301x"),
    (r"(?<n>a)(?<n>b)\k<n>", "abb"),
    (r"x{2,3}?", "xxxx"),
    (r"\K?a", "ba"),
    (r"(?(1)a|b)", "b"),
    (r"[", ""),
    (r"(", ""),
    (r"\p{None}", ""),
    (r"(?<", ""),
):
    try:
        compiled = o.compile(pattern)
        for method in ("match", "search"):
            found = getattr(compiled, method)(text)
            print(pattern, method, found and (found.span(), found.group(0), found.expand(r"<\0>")))
    except o.OnigError as e:
        print(pattern, type(e).__name__)
patterns = [rf"(w{n})\d+|z{n}" for n in range(200)]
patterns[120] = r"(?<=x)y+"
regset = o.compile_regset(*patterns)
for text in ("aaw77123", "xyyy z199", "none", "z5" * 1000):
    for start in (0, 3):
        which, found = regset.search(text, start)
        print(which, found and (found.start(), found.end(), found.group()))
for flag in (
    o.OnigSearchOption.NONE,
    o.OnigSearchOption.NOT_BEGIN_STRING,
    o.OnigSearchOption.NOT_BEGIN_POSITION,
):
    print(flag, regset.search("w5 1 w51", 0, flag)[0], o.compile(r"\Aw|\Gw").search("wow", 0, flag))
