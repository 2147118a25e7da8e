"""Modules pe, elf, dotnet, time and string, externals, callbacks, warnings, large rules and threads."""

import io
import threading

import yara

rules = yara.compile(
    sources={
        "a": """
import "pe"
import "elf"
import "math"
import "hash"
import "time"
rule files { condition: elf.number_of_sections > 3 and elf.machine == elf.EM_X86_64 }
rule digest { condition: hash.sha256(0, filesize) != "" and math.mean(0, filesize) > 1.0 and time.now() > 0 }
rule pes { condition: pe.is_pe }
""",
        "b": """
rule words : tag1 tag2 { meta: author = "me" n = 3
  strings: $a = "text" wide ascii fullword nocase $b = { 61 ( 62 | 63 ) [2-5] 64 } $c = /[a-f]{3,9}[0-9]+/i
           $x = "hidden" xor $y = "coded" base64 base64wide
  condition: 2 of them or for any i in (1..#c) : ( @c[i] < 200 ) or any of ($x, $y) }
rule sizes { condition: filesize > size_limit and name contains "x" }
global rule everywhere { condition: true }
private rule secret { condition: false }
""",
    },
    externals={"size_limit": 10, "name": "axb"},
)
for data in (
    b"some TEXT abcd12345 ac..d",
    bytes(x ^ 7 for x in b"hidden"),
    b"Y29kZWQ=",
    b"MZ" + bytes(300),
    b"",
):
    print([(m.rule, m.tags, m.meta, len(m.strings)) for m in rules.match(data=data)])
    print([m.rule for m in rules.match(data=data, externals={"size_limit": 0})])
print(sorted(m.rule for m in rules.match("/bin/true")))
told = []
rules.match(
    data=b"text",
    callback=lambda d: told.append(d["rule"]) or yara.CALLBACK_CONTINUE,
    which_callbacks=yara.CALLBACK_ALL,
)
print(sorted(told))
seen = []
rules.match(
    "/bin/true",
    modules_callback=lambda d: seen.append((d["module"], len(d) > 1)) or yara.CALLBACK_CONTINUE,
)
print(sorted(seen))
many = "".join(
    f'rule r{n} {{ strings: $a = "word{n}" $b = /x{n}[a-z]+/ condition: any of them }}\n'
    for n in range(1500)
)
large = yara.compile(source=many)
print(len(large.match(data=b" ".join(b"word%d" % n for n in range(0, 1500, 3)))))
saved = io.BytesIO()
large.save(file=saved)
print(len(yara.load(file=io.BytesIO(saved.getvalue())).match(data=b"word7 x8abc")))
for bad in (
    "rule a { condition: }",
    "rule a { strings: $a = /(/ condition: $a }",
    'import "none"',
    "include 'x'",
    "rule a { condition: x }",
):
    try:
        yara.compile(source=bad, includes=False)
    except yara.Error as e:
        print(type(e).__name__)
try:
    yara.load(file=io.BytesIO(b"garbage" * 10))
except yara.Error as e:
    print(type(e).__name__)
found = []


def work():
    for _ in range(20):
        found.append(len(rules.match("/bin/true")) + len(large.match(data=b"word1 word2" * 100)))


threads = [threading.Thread(target=work) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(len(found), set(found))
