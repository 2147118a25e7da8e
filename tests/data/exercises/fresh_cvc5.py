"""Formulas of several theories solved, with models, cores, proofs of nothing, scripts and errors, by cvc5."""

import cvc5
from cvc5 import Kind, Solver, TermManager

tm = TermManager()


def solver(logic, **options):
    s = Solver(tm)
    s.setOption("produce-models", "true")
    for name, value in options.items():
        s.setOption(name.replace("_", "-"), value)
    s.setLogic(logic)
    return s


integer, real = tm.getIntegerSort(), tm.getRealSort()
x, y = tm.mkConst(integer, "x"), tm.mkConst(integer, "y")
n = tm.mkInteger
s = solver("QF_LIA", incremental="true", produce_unsat_cores="true")
s.assertFormula(tm.mkTerm(Kind.GT, tm.mkTerm(Kind.ADD, x, y), n(10)))
s.assertFormula(tm.mkTerm(Kind.EQUAL, x, n(7)))
print(s.checkSat().isSat(), s.getValue(x), s.getValue(y).getIntegerValue() > 3)
s.push()
s.assertFormula(tm.mkTerm(Kind.LT, y, n(0)))
print(s.checkSat().isUnsat(), len(s.getUnsatCore()) > 0)
s.pop()
print(
    s.checkSatAssuming(tm.mkTerm(Kind.EQUAL, y, n(4))).isSat(),
    s.getValue(tm.mkTerm(Kind.MULT, y, n(3))),
)
s = solver("QF_BV")
bits = tm.mkBitVectorSort(32)
a, b = tm.mkConst(bits, "a"), tm.mkConst(bits, "b")
s.assertFormula(
    tm.mkTerm(Kind.EQUAL, tm.mkTerm(Kind.BITVECTOR_MULT, a, b), tm.mkBitVector(32, 3233))
)
for v in (a, b):
    s.assertFormula(tm.mkTerm(Kind.BITVECTOR_ULT, v, tm.mkBitVector(32, 100)))
    s.assertFormula(tm.mkTerm(Kind.BITVECTOR_UGT, v, tm.mkBitVector(32, 1)))
print(s.checkSat().isSat(), sorted(int(s.getValue(v).getBitVectorValue(10)) for v in (a, b)))
s = solver("QF_SLIA", strings_exp="true")
t = tm.mkConst(tm.getStringSort(), "t")
s.assertFormula(tm.mkTerm(Kind.EQUAL, tm.mkTerm(Kind.STRING_LENGTH, t), n(5)))
s.assertFormula(tm.mkTerm(Kind.STRING_PREFIX, tm.mkString("ab"), t))
s.assertFormula(tm.mkTerm(Kind.STRING_SUFFIX, tm.mkString("xyz"), t))
print(s.checkSat().isSat(), s.getValue(t))
s = solver("QF_NRA")
r = tm.mkConst(real, "r")
s.assertFormula(tm.mkTerm(Kind.EQUAL, tm.mkTerm(Kind.MULT, r, r), tm.mkReal(-1)))
print(s.checkSat().isUnsat())
s = solver("QF_AUFLIA")
array = tm.mkConst(tm.mkArraySort(integer, integer), "m")
s.assertFormula(
    tm.mkTerm(Kind.EQUAL, tm.mkTerm(Kind.SELECT, tm.mkTerm(Kind.STORE, array, n(1), n(9)), n(1)), x)
)
print(s.checkSat().isSat(), s.getValue(x))
s = solver("UF")
u = tm.mkUninterpretedSort("U")
f = tm.mkConst(tm.mkFunctionSort(u, u), "f")
c = tm.mkConst(u, "c")
s.assertFormula(tm.mkTerm(Kind.DISTINCT, tm.mkTerm(Kind.APPLY_UF, f, c), c))
v = tm.mkVar(u, "v")
s.assertFormula(
    tm.mkTerm(
        Kind.FORALL,
        tm.mkTerm(Kind.VARIABLE_LIST, v),
        tm.mkTerm(Kind.EQUAL, tm.mkTerm(Kind.APPLY_UF, f, v), v),
    )
)
print(s.checkSat().isUnsat())
s = solver("ALL")
declared = tm.mkDatatypeDecl("list")
cons = tm.mkDatatypeConstructorDecl("cons")
cons.addSelector("head", integer)
cons.addSelectorSelf("tail")
declared.addConstructor(cons)
declared.addConstructor(tm.mkDatatypeConstructorDecl("nil"))
lists = tm.mkDatatypeSort(declared)
d = lists.getDatatype()
print(d.getNumConstructors(), d["cons"].getNumSelectors(), lists)
empty = tm.mkTerm(Kind.APPLY_CONSTRUCTOR, d["nil"].getTerm())
one = tm.mkTerm(Kind.APPLY_CONSTRUCTOR, d["cons"].getTerm(), n(5), empty)
print(one, s.simplify(tm.mkTerm(Kind.APPLY_SELECTOR, d["cons"]["head"].getTerm(), one)))
parser = cvc5.InputParser(Solver(tm))
parser.setStringInput(
    cvc5.InputLanguage.SMT_LIB_2_6,
    "(set-logic QF_LRA)(declare-const p Real)(assert (> p 1.5))(assert (< p 1.0))(check-sat)",
    "text",
)
symbols = parser.getSymbolManager()
while not (command := parser.nextCommand()).isNull():
    said = command.invoke(parser.getSolver(), symbols)
    if said:
        print(str(said).strip())
for bad in (
    lambda: solver("NO_SUCH_LOGIC"),
    lambda: s.setOption("no-such", "1"),
    lambda: tm.mkTerm(Kind.ADD, x, tm.mkTrue()),
    lambda: tm.mkBitVector(0, 1),
    lambda: s.getValue(x),
    lambda: tm.mkInteger("abc"),
):
    try:
        print(bad())
    except Exception as e:
        print(type(e).__name__)
