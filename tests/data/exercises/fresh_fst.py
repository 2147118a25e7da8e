"""Transducers built, combined, made smaller, searched, written and read, by OpenFst in Pynini."""

import os
import tempfile

import pynini
import pywrapfst as fst

f = fst.VectorFst()
states = [f.add_state() for _ in range(4)]
f.set_start(0)
for source, target, i, o, w in (
    (0, 1, 1, 2, 0.5),
    (0, 2, 1, 3, 1.5),
    (1, 3, 2, 2, 0.25),
    (2, 3, 2, 2, 0),
    (1, 1, 4, 4, 2),
):
    f.add_arc(source, fst.Arc(i, o, fst.Weight("tropical", w), target))
f.set_final(3, 1)
print(f.num_states(), f.num_arcs(0), f.weight_type(), f.arc_type(), fst.isomorphic(f, f.copy()))
print([str(w) for w in fst.shortestdistance(f)])
best = fst.shortestpath(f, nshortest=2)
print(
    best.num_states() > 0,
    fst.determinize(fst.arcmap(f.copy().project("input"), map_type="rmweight")).num_states(),
)
print(fst.compose(f, fst.arcmap(f.copy().invert(), map_type="identity").arcsort()).num_states())
small = f.copy().project("input").rmepsilon().minimize(allow_nondet=True)
print(
    small.num_states(), fst.equivalent(fst.determinize(small.copy()), fst.determinize(small.copy()))
)
print([str(f.properties(fst.ACYCLIC, True) == fst.ACYCLIC), f.verify()])
compiler = fst.Compiler()
compiler.write("0 1 1 1 0.5\n1 2 2 3\n2 0.75\n")
made = compiler.compile()
print(str(made))
log = fst.VectorFst("log")
log.add_states(2)
log.set_start(0)
log.add_arc(0, fst.Arc(1, 1, fst.Weight("log", 1), 1)).set_final(1)
print(fst.push(log, push_weights=True).num_states())
with tempfile.TemporaryDirectory() as directory:
    path = os.path.join(directory, "a.fst")
    f.write(path)
    back = fst.Fst.read(path)
    print(fst.equal(f, back), fst.convert(back, "const").fst_type())
    fst.convert(back, "const").write(path)
    print(fst.Fst.read(path).fst_type(), len(f.write_to_string()))
    symbols = fst.SymbolTable()
    for word in ("<eps>", "a", "täg", "c"):
        symbols.add_symbol(word)
    symbols.write(path)
    print(
        fst.SymbolTable.read(path).find("täg"),
        symbols.labeled_checksum() == symbols.copy().labeled_checksum(),
    )
    f.set_input_symbols(symbols)
    print(f.input_symbols().find(1), f.input_symbols().num_symbols())
    for bad in (
        lambda: fst.Fst.read("/no/such"),
        lambda: fst.Weight("no such", 1),
        lambda: f.add_arc(99, fst.Arc(1, 1, 1, 0)),
        lambda: fst.Fst.read_from_string(b"garbage"),
    ):
        try:
            print(bad())
        except Exception as e:
            print(type(e).__name__)
rule = pynini.cdrewrite(pynini.cross("a", "o"), "b", "d", pynini.closure(pynini.union(*"abcdo")))
print((pynini.accep("bad") @ rule).string(), (pynini.accep("cad") @ rule).string())
number = pynini.string_map([("1", "one"), ("2", "two"), ("3", "three")])
both = number + pynini.accep(" ") + number.closure(0, 1)
print(
    sorted(pynini.compose("2 3", both).paths().ostrings()),
    pynini.shortestpath("1 " @ both).string(),
)
print(pynini.difference(pynini.union("a", "b", "c"), "b").optimize().num_states())
try:
    print(pynini.accep("[unclosed"))
except Exception as e:
    print(type(e).__name__)
print(pynini.escape("a[b]"), sum(1 for _ in pynini.union("x", "yy").closure(0, 2).paths().items()))
