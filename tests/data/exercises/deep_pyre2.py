"""Searches, groups, substitution, unicode, long inputs, fallbacks and errors of RE2 by pyre2."""

import threading

import re2

for pattern, text in (
    (r"(?P<y>\d{4})-(?P<m>\d\d)", "on 2026-11-29 and 1999-01-02"),
    (r"(?i)é+", "éÉ x é"),
    (r"\pL+", "abcЖ1"),
    (r"^a.*z$", "a" * 10000 + "z"),
    (r"(a*)*b", "a" * 500),
    (r"(foo|bar)+?baz", "foobarbaz"),
    (rb"\x80+(.)", b"a\x80\x80q"),
    (r"\bw\w*", "who was where"),
    (r"(?m)^\s*(\S+)", "a b\n c d\ne"),
):
    compiled = re2.compile(pattern)
    for method in ("search", "match", "fullmatch"):
        found = getattr(compiled, method)(text)
        print(
            pattern,
            method,
            found and (found.span(), found.groups(), found.groupdict(), found.lastindex),
        )
    print(
        compiled.findall(text)[:3], compiled.split(text)[:3], compiled.groups, compiled.groupindex
    )
    print(
        compiled.subn(text[:0] + (b"<\\g<0>>" if isinstance(text, bytes) else "<\\g<0>>"), text, 3)
    )
    print(
        [m.start() for m in compiled.finditer(text)][:9],
        compiled.sub(lambda m: m.group(0)[:1], text)[:40],
    )
for bad in (
    r"(",
    r"a**",
    r"[b-a]",
    r"(?P<n>a)(?P<n>b)",
    r"\pN{900}{900}",
    r"(?<=a)b",
    r"\8",
    r"(?P=x)",
):
    re2.set_fallback_notification(re2.FALLBACK_EXCEPTION)
    try:
        print(re2.compile(bad).groups)
    except Exception as e:
        print(bad, type(e).__name__)
print(re2.escape("a.b[c]"), re2.compile("x" * 3000).search("y" * 5000 + "x" * 3000).start())
found = []


def work():
    for n in range(200):
        found.append(bool(re2.search(rf"w{n}\d+(a|b)*c", f"zz w{n}55ababac")))


threads = [threading.Thread(target=work) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(len(found), all(found))
