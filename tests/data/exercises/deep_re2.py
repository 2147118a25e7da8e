"""Sets, filters, options, replacements, unicode, long inputs and errors of RE2."""

import re2

for pattern, text in (
    (r"(?P<y>\d{4})-(?P<m>\d\d)", "on 2026-11-29"),
    (r"(?i)É+", "éÉ"),
    (r"\pL+", "abcЖ1"),
    (r"^a.*z$", "a" * 10000 + "z"),
    (r"(a*)*b", "a" * 500),
    (r"[[:^alpha:]]+", "ab12"),
):
    compiled = re2.compile(pattern)
    for method in ("search", "match", "fullmatch"):
        found = getattr(compiled, method)(text)
        print(pattern, method, found and (found.span(), found.groups(), found.groupdict()))
    print(
        compiled.findall(text)[:3],
        compiled.split(text)[:3],
        compiled.subn(r"<\g<0>>", text, 3)[1],
        compiled.groups,
        compiled.programsize > 0,
    )
for anchor in (re2.Set.SearchSet, re2.Set.MatchSet, re2.Set.FullMatchSet):
    many = anchor()
    for n in range(300):
        many.Add(rf"word{n}\b|x{n}y+")
    many.Compile()
    print(sorted(many.Match("word7 x8yyy word299") or ()), sorted(many.Match("word5") or ()))
filtering = re2.Filter()
for pattern in ("hello.*world", "abc[0-9]+", "xyz|uvw"):
    filtering.Add(pattern)
filtering.Compile()
print(filtering.Match("say hello big world abc5", True))
options = re2.Options()
options.case_sensitive, options.longest_match, options.never_nl = False, True, True
print(
    re2.search("(a|ab)(c|bcd)", "ABCD", options).span(),
    re2.compile("x", options).options.longest_match,
)
options = re2.Options()
options.max_mem = 2000
for bad, with_options in (
    (r"(", None),
    (r"a**", None),
    (r"\8", None),
    (r"[b-a]", None),
    (r"(?P<n>a)(?P<n>b)", None),
    (r"\pN{900}{900}", options),
    (r"(?<=a)b", None),
):
    try:
        print(re2.compile(bad, with_options).groups)
    except re2.error as e:
        print(bad, type(e).__name__)
print(re2.escape("a.b[c]"), [m.span() for m in re2.finditer(r"\b", "ab cd")])
