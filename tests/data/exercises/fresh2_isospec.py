"""Isotopic envelopes by threshold, total probability, layers, order and sampling, and their distances, by IsoSpec."""

import IsoSpecPy as iso

for formula in ("H2O1", "C100H202N5O20S2", "Sn3Xe2", "C6H12O6Se1"):
    for make in (
        lambda f: iso.IsoThreshold(1e-3, formula=f),
        lambda f: iso.IsoThreshold(1e-2, formula=f, get_confs=True, absolute=True),
        lambda f: iso.IsoTotalProb(0.99, formula=f),
        lambda f: iso.IsoTotalProb(0.9, formula=f, get_confs=True, get_minimal_pset=True),
        lambda f: iso.IsoDistribution(masses=[1.0, 2.5, 2.0], probs=[0.2, 0.3, 0.5]),
        lambda f: iso.IsoBinned(1.0, f, 0.999),
    ):
        d = make(formula)
        print(
            formula,
            len(d),
            round(d.total_prob(), 5),
            [(round(m, 4), round(p, 5)) for m, p in sorted(zip(d.masses, d.probs))[:4]],
        )
    g = iso.Iso(formula=formula)
    print(
        [
            round(f(), 4)
            for f in (
                g.getLightestPeakMass,
                g.getHeaviestPeakMass,
                g.getMonoisotopicPeakMass,
                g.getModeMass,
                g.getModeLProb,
                g.getTheoreticalAverageMass,
                g.variance,
            )
        ]
    )
    for generator in (
        iso.IsoThresholdGenerator(0.01, formula),
        iso.IsoOrderedGenerator(formula),
        iso.IsoLayeredGenerator(formula),
    ):
        print([(round(c[0], 4), round(c[1], 4)) for _, c in zip(range(3), generator)])
    print(sum(1 for _ in iso.IsoStochasticGenerator(100, formula)) > 0)
a, b = iso.IsoTotalProb(0.999, formula="C20H40O3"), iso.IsoTotalProb(0.999, formula="C20H41O3")
a.normalize(), b.normalize()
print(
    round(a.wassersteinDistance(b), 4),
    len(a + b),
    len(a.convolve(b) if hasattr(a, "convolve") else a),
    round(a.empiric_average_mass(), 4),
    round(a.empiric_variance(), 4),
)
a.scale(2.0), a.shift_mass(1.0) if hasattr(a, "shift_mass") else None, a.sort_by_prob()
c = a.binned(1.0) if hasattr(a, "binned") else a
print(
    [round(p, 5) for p in list(a.probs)[:3]],
    len(c),
    len(a.resample(10, 1.0) or []) if hasattr(a, "resample") else "",
)
a.sort_by_mass()
print(
    dict(iso.ParseFormula("C2H6O1")),
    [round(m, 4) for m in list(a.masses)[:3]],
    iso.IsoThreshold(0.01, fasta="PEPTIDE").total_prob() > 0.5,
)
for bad in ("Xx3", "C-1", "", "C2H"):
    try:
        print(len(iso.IsoThreshold(0.1, formula=bad)))
    except Exception as e:
        print(type(e).__name__)
