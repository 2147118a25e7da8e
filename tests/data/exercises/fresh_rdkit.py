"""Molecules from SMILES and back, substructures, reactions, pictures, pickles and errors, by RDKit."""

import pickle

from rdkit import Chem, DataStructs, RDLogger
from rdkit.Chem import AllChem, Descriptors, rdMolDescriptors, rdmolops

RDLogger.DisableLog("rdApp.*")
smiles = [
    "CCO",
    "c1ccccc1C(=O)O",
    "CC(=O)Oc1ccccc1C(=O)O",
    "C[C@H](N)C(=O)O",
    "[Na+].[Cl-]",
    "C1CC1",
]
molecules = [Chem.MolFromSmiles(s) for s in smiles]
for m in molecules:
    print(
        Chem.MolToSmiles(m),
        m.GetNumAtoms(),
        m.GetNumBonds(),
        round(Descriptors.MolWt(m), 3),
        rdMolDescriptors.CalcMolFormula(m),
        m.GetRingInfo().NumRings(),
        [a.GetSymbol() for a in m.GetAtoms()][:4],
        [str(b.GetBondType()) for b in m.GetBonds()][:3],
    )
pattern = Chem.MolFromSmarts("C(=O)[OX2H1]")
print([m.GetSubstructMatches(pattern) for m in molecules])
prints = [Chem.RDKFingerprint(m) for m in molecules]
print([round(DataStructs.TanimotoSimilarity(prints[1], f), 1) for f in prints])
for m in molecules:
    back = pickle.loads(pickle.dumps(m))
    print(Chem.MolToSmiles(back) == Chem.MolToSmiles(m), len(Chem.MolToMolBlock(m).splitlines()))
block = Chem.MolToMolBlock(molecules[2])
print(Chem.MolToSmiles(Chem.MolFromMolBlock(block)))
reaction = AllChem.ReactionFromSmarts("[C:1](=[O:2])O.[N:3]>>[C:1](=[O:2])[N:3]")
made = reaction.RunReactants((molecules[1], Chem.MolFromSmiles("CN")))
print([[Chem.MolToSmiles(p) for p in products] for products in made])
hydrogens = Chem.AddHs(molecules[0])
print(AllChem.EmbedMolecule(hydrogens, randomSeed=7), AllChem.UFFOptimizeMolecule(hydrogens))
where = hydrogens.GetConformer()
print(
    where.GetNumAtoms(),
    where.Is3D(),
    1.3 < (where.GetAtomPosition(0) - where.GetAtomPosition(1)).Length() < 1.7,
)
edit = Chem.RWMol(molecules[0])
edit.AddAtom(Chem.Atom("F"))
edit.AddBond(0, 3, Chem.BondType.SINGLE)
edit.RemoveAtom(2)
Chem.SanitizeMol(edit)
print(Chem.MolToSmiles(edit), edit.GetAtomWithIdx(0).GetPropsAsDict())
molecules[0].SetProp("name", "ethanol")
molecules[0].SetIntProp("n", 3)
print(molecules[0].GetPropsAsDict(), molecules[0].HasProp("x"))
print(len(rdmolops.GetMolFrags(molecules[4])), rdmolops.GetDistanceMatrix(molecules[0]).tolist())
print([list(m.GetAtomWithIdx(0).GetNeighbors())[0].GetSymbol() for m in molecules[:3]])
for bad in (
    lambda: Chem.MolFromSmiles("C1CC"),
    lambda: Chem.MolFromSmiles("c1cccc1C(C)(C)(C)C"),
    lambda: molecules[0].GetAtomWithIdx(99),
    lambda: molecules[0].GetProp("none"),
    lambda: Chem.MolFromSmiles(5),
    lambda: Chem.MolFromMolBlock("no molecule"),
):
    try:
        print(bad())
    except Exception as e:
        print(type(e).__name__)
