# packages: yara-python
"""YARA: rules with modules, hashes and regular expressions."""

import yara

rules = yara.compile(
    source="""
    import "math"
    import "hash"
    rule a { strings: $x = /ab+c/ $y = "text" nocase condition: $x and #y > 1 }
    rule b { condition: math.entropy(0, filesize) > 3 and hash.md5(0, 4) != "" }
    rule c { strings: $h = { 61 62 [1-4] 63 } condition: $h at 0 }
    """
)
for data in (b"abbbc TEXT text", b"nothing", bytes(range(256))):
    print([m.rule for m in rules.match(data=data)])
rules.save("x.yarc")
print(len(yara.load("x.yarc").match(data=b"abbbc text text")))
try:
    yara.compile(source="rule {")
except yara.SyntaxError as e:
    print(e)
