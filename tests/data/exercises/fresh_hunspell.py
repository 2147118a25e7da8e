"""Dictionaries that are made here: spelling, suggestions, stems, added words, by Hunspell."""

import os
import tempfile

import hunspell

AFFIXES = """\
SET UTF-8
TRY esianrtolcdugmphbyfvkwzäöü
REP 2
REP f ph
REP ph f
MAP 1
MAP aä
PFX A Y 1
PFX A 0 re .
SFX B Y 3
SFX B 0 ed [^ey]
SFX B 0 d e
SFX B y ied y
SFX C Y 1
SFX C 0 s .
COMPOUNDMIN 3
COMPOUNDFLAG X
FORBIDDENWORD F
"""
WORDS = [
    "work/ABC",
    "hello",
    "try/B",
    "create/AB",
    "täglich",
    "phone/CX",
    "book/CX",
    "bad/F",
    "green/X",
]
with tempfile.TemporaryDirectory() as directory:
    with open(os.path.join(directory, "xx.aff"), "w") as f:
        f.write(AFFIXES)
    with open(os.path.join(directory, "xx.dic"), "w") as f:
        f.write(f"{len(WORDS)}\n" + "\n".join(WORDS) + "\n")
    h = hunspell.Hunspell("xx", hunspell_data_dir=directory)
    words = [
        "work",
        "works",
        "reworked",
        "recreated",
        "tried",
        "hello",
        "helo",
        "taglich",
        "fone",
        "bokk",
        "bad",
        "bookphone",
        "phonebook",
        "greenbook",
    ]
    for word in words:
        print(word, h.spell(word), h.stem(word), len(h.suggest(word)) > 0, h.analyze(word))
    print(
        h.add("zebra"),
        h.spell("zebra"),
        "zebra" in h.suggest("zebrra"),
        "hello" in h.suggest("helo"),
        "phone" in h.suggest("fone"),
    )
    print(h.add_with_affix("walk", "work"), h.spell("walked"), h.spell("rewalk"))
    h.remove("zebra")
    print(h.spell("zebra"), sorted(h.suffix_suggest("work")))
    extra = os.path.join(directory, "yy.dic")
    with open(extra, "w") as f:
        f.write("2\nquux\nfrob/C\n")
    print(h.add_dic(extra), h.spell("quux"), h.spell("frobs"))
    for word in ("", "x" * 300, "☃", "123", "HELLO", "Hello", "hELLO"):
        print(word[:5], h.spell(word))
    many = [hunspell.Hunspell("xx", hunspell_data_dir=directory) for _ in range(4)]
    print([m.spell("reworks") for m in many])
    del many
    try:
        print(hunspell.Hunspell("none", hunspell_data_dir=directory))
    except Exception as e:
        print(type(e).__name__)
