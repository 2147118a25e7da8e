"""Formats, conformers, descriptors, fingerprints, substructures, XML, depictions and errors of Open Babel."""

from openbabel import openbabel, pybel

openbabel.obErrorLog.SetOutputLevel(-1) if hasattr(openbabel.obErrorLog, "SetOutputLevel") else None
openbabel.obErrorLog.StopLogging()
names = {
    "aspirin": "CC(=O)Oc1ccccc1C(=O)O",
    "caffeine": "Cn1cnc2c1c(=O)n(C)c(=O)n2C",
    "chiral": "N[C@@H](C)C(=O)O",
    "salt": "[Na+].[Cl-]",
    "ring": "C1CC2CCC1CC2",
    "alkene": "C/C=C/C",
    "metal": "[Fe+2]",
    "peptide": "NCC(=O)NC(C)C(=O)O",
}
for name, smiles in names.items():
    m = pybel.readstring("smi", smiles)
    print(
        name,
        m.formula,
        round(m.molwt, 3),
        m.charge,
        m.spin,
        len(m.atoms),
        len(m.sssr),
        round(m.exactmass, 4),
    )
    for out in (
        "can",
        "inchi",
        "inchikey",
        "mol",
        "xyz",
        "pdb",
        "cml",
        "mol2",
        "svg",
        "smi",
        "fasta",
        "gjf",
        "cdjson",
        "pcjson",
        "rsmi",
        "cdxml",
        "ct",
    ):
        try:
            text = m.write(out)
        except Exception as e:
            print(out, type(e).__name__)
            continue
        print(out, len(text) > 0, text[:60] if out in ("can", "inchi", "inchikey", "smi") else "")
    m.addh()
    print(len(m.atoms), round(m.molwt, 2))
    cml = m.write("cml")
    again = pybel.readstring("cml", cml)
    print(again.write("can").split()[0], pybel.readstring("mol2", m.write("mol2")).formula)
    for kind in ("FP2", "FP3", "FP4", "MACCS"):
        f = m.calcfp(kind)
        print(
            kind,
            len(f.bits),
            f.bits[:6],
            round(f | pybel.readstring("smi", "CC(=O)O").calcfp(kind), 3),
        )
    print(
        {
            k: round(v, 3)
            for k, v in m.calcdesc(
                ["MR", "TPSA", "logP", "HBD", "HBA2", "atoms", "bonds", "nF"]
            ).items()
        }
    )
for smarts in ("[OX2H]", "c1ccccc1", "[#6]=O", "[$(C=O)]"):
    print(smarts, pybel.Smarts(smarts).findall(pybel.readstring("smi", names["aspirin"])))
pubchem = '<?xml version="1.0"?><molecule xmlns="http://www.xml-cml.org/schema"><atomArray><atom id="a1" elementType="C"/><atom id="a2" elementType="O"/></atomArray><bondArray><bond atomRefs2="a1 a2" order="2"/></bondArray></molecule>'
print(pybel.readstring("cml", pubchem).write("can"))
for kind, text in (
    ("smi", "C1CC("),
    ("mol", "garbage"),
    ("cml", "<molecule><atom"),
    ("nosuch", "x"),
    ("inchi", "InChI=1S/bad"),
    ("xyz", "3\n\nC 0 0 0\n"),
):
    try:
        print(kind, pybel.readstring(kind, text).formula)
    except Exception as e:
        print(kind, type(e).__name__)
