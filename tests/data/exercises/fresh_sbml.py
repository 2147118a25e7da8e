"""Models built, written, read, checked, converted, asked, and damaged, by libSBML."""

import libsbml as s

document = s.SBMLDocument(3, 1)
model = document.createModel()
model.setId("m")
model.setTimeUnits("second")
c = model.createCompartment()
c.setId("cell"), c.setConstant(True), c.setSize(2.5), c.setSpatialDimensions(3)
for i in range(4):
    x = model.createSpecies()
    x.setId(f"s{i}"), x.setCompartment("cell"), x.setInitialAmount(i * 1.5), x.setConstant(False)
    x.setBoundaryCondition(False), x.setHasOnlySubstanceUnits(False), x.setName(f"täg {i}")
    print(x.appendNotes(f'<body xmlns="http://www.w3.org/1999/xhtml"><p>note {i}</p></body>'))
k = model.createParameter()
k.setId("k"), k.setValue(0.25), k.setConstant(True)
for i in range(3):
    r = model.createReaction()
    r.setId(f"r{i}"), r.setReversible(False), r.setFast(False)
    for make, of in ((r.createReactant, i), (r.createProduct, i + 1)):
        reference = make()
        (
            reference.setSpecies(f"s{of}"),
            reference.setStoichiometry(1 + of),
            reference.setConstant(True),
        )
    law = r.createKineticLaw()
    print(law.setMath(s.parseL3Formula(f"cell * k * s{i} / (1 + s{i + 1}^2)")))
event = model.createEvent()
event.setUseValuesFromTriggerTime(True)
trigger = event.createTrigger()
(
    trigger.setMath(s.parseL3Formula("gt(time, 5)")),
    trigger.setPersistent(True),
    trigger.setInitialValue(False),
)
assign = event.createEventAssignment()
assign.setVariable("s0"), assign.setMath(s.parseL3Formula("piecewise(1, s1 > 2, 3)"))
function = model.createFunctionDefinition()
function.setId("f"), function.setMath(s.parseL3Formula("lambda(x, y, x * y + sin(x))"))
unit = model.createUnitDefinition()
unit.setId("mmol")
u = unit.createUnit()
u.setKind(s.UNIT_KIND_MOLE), u.setScale(-3), u.setExponent(1), u.setMultiplier(1)
rule = model.createRateRule()
rule.setVariable("s3"), rule.setMath(s.parseL3Formula("-k * s3"))
text = s.writeSBMLToString(document)
print(len(text) > 3000, document.checkInternalConsistency())
back = s.readSBMLFromString(text)
m = back.getModel()
print(
    back.getNumErrors(),
    m.getNumSpecies(),
    m.getNumReactions(),
    [m.getSpecies(i).getName() for i in range(4)],
)
print([s.formulaToL3String(m.getReaction(i).getKineticLaw().getMath()) for i in range(3)])
print(
    s.formulaToL3String(m.getEvent(0).getTrigger().getMath()),
    s.formulaToL3String(m.getFunctionDefinition(0).getMath()),
)
print(
    s.UnitDefinition.printUnits(m.getUnitDefinition(0)),
    m.getElementBySId("k").getValue(),
    m.getSpecies(1).getNotesString()[:20],
)
back.setConsistencyChecks(s.LIBSBML_CAT_UNITS_CONSISTENCY, False)
back.checkConsistency()
print(
    sorted(
        {
            back.getError(i).getErrorId()
            for i in range(back.getNumErrors())
            if back.getError(i).getSeverity() >= s.LIBSBML_SEV_ERROR
        }
    )
)
print(s.writeSBMLToString(back) == text)
print(back.setLevelAndVersion(2, 4, False), back.getLevel(), back.getVersion())
properties = s.ConversionProperties()
properties.addOption("promoteLocalParameters", True)
print(s.readSBMLFromString(text).convert(properties))
flat = s.ConversionProperties()
flat.addOption("expandFunctionDefinitions", True)
print(s.readSBMLFromString(text).convert(flat))
math = s.parseL3Formula("a + b * sin(c) ^ 2 / sqrt(d)")
print(
    math.getNumChildren(),
    math.getType() == s.AST_PLUS,
    s.writeMathMLToString(math).count("<apply>"),
)
print(s.formulaToL3String(s.readMathMLFromString(s.writeMathMLToString(math))))
copy = m.clone()
print(
    copy.getNumSpecies(), copy.removeSpecies("s0").getId(), copy.getNumSpecies(), m.getNumSpecies()
)
for bad in (
    "",
    "garbage",
    text[:500],
    text.replace("species=", "spezies=", 1),
    text.replace('id="s1"', 'id="s0"', 1),
):
    d = s.readSBMLFromString(bad)
    d.checkConsistency() if d.getModel() else None
    print(d.getNumErrors(s.LIBSBML_SEV_ERROR) + d.getNumErrors(s.LIBSBML_SEV_FATAL) > 0)
print(
    s.parseL3Formula("a + * b"),
    bool(s.getLastParseL3Error()),
    s.readSBMLFromFile("/no/such").getNumErrors() > 0,
)
