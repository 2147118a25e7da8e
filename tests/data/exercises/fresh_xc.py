"""Energies and derivatives of many functionals at some densities, and errors, by libxc in PySCF."""

import numpy
from pyscf.dft import libxc

rho = numpy.array([0.01, 0.2, 1.5, 7.0])
gradient = numpy.vstack([rho, rho * 0.3, rho * 0.1, rho * 0.2])
meta = numpy.vstack([gradient, rho * 0, rho * 0.9])
for name, density in (
    ("LDA", rho),
    ("LDA,VWN", rho),
    ("SVWN", rho),
    ("PBE", gradient),
    ("BLYP", gradient),
    ("B3LYP", gradient),
    ("PBE0", gradient),
    ("0.5*HF + 0.5*B88, LYP", gradient),
    ("TPSS", meta),
    ("M06L", meta),
    ("SCAN", meta),
    ("CAMB3LYP", gradient),
    ("HSE06", gradient),
):
    for spin in (0, 1):
        d = density if spin == 0 else (density * 0.6, density * 0.4)
        exc, vxc, fxc, kxc = libxc.eval_xc(name, d, spin=spin, deriv=1)
        print(name, spin, exc.round(6).tolist(), numpy.round(vxc[0], 5).ravel()[:4].tolist())
    print(
        libxc.xc_type(name),
        round(libxc.hybrid_coeff(name), 4),
        tuple(round(x, 4) for x in libxc.rsh_coeff(name)),
    )
    print(
        libxc.is_lda(name),
        libxc.is_gga(name),
        libxc.is_meta_gga(name),
        libxc.max_deriv_order(name) > 0,
    )
second = libxc.eval_xc("PBE", gradient, deriv=2)[2]
print([numpy.round(x, 4).tolist() for x in second if x is not None][:2])
print(numpy.round(libxc.eval_xc1("B88,", gradient, deriv=1), 5).tolist()[:2])
print(libxc.parse_xc("PBE0"), libxc.parse_xc("b3lyp"))
print(
    libxc.is_nlc("VV10") if hasattr(libxc, "is_nlc") else "",
    libxc.needs_laplacian("PBE") if hasattr(libxc, "needs_laplacian") else "",
)
for bad in ("NOSUCH", "", "PBE,,", "1*", "999999"):
    try:
        print(libxc.eval_xc(bad, gradient)[0])
    except Exception as e:
        print(type(e).__name__)
