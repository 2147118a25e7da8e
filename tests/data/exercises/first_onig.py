"""Oniguruma: a match and a set."""

import onigurumacffi as o

print(o.compile(r"(?<year>\d{4})-(\d\d)").match("2026-11").group(0))
print(o.compile_regset("a+", "b+").search("xxbb")[0])
