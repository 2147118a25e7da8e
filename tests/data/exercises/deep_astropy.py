"""Distortions, tables, comparison, units, fixes, sub-images and errors of WCSLIB."""

import copy
import pickle
import warnings

import numpy
from astropy.io import fits
from astropy.wcs import WCS, FITSFixedWarning

warnings.simplefilter("ignore", FITSFixedWarning)
warnings.simplefilter("ignore")
for kind in ("TAN", "SIN", "ARC", "ZEA", "CAR", "AIT", "MOL", "HPX", "COE", "TSC", "XPH"):
    w = WCS(naxis=2)
    w.wcs.crpix, w.wcs.cdelt, w.wcs.crval = [50, 50], [-0.1, 0.1], [10, 20]
    w.wcs.ctype = [f"RA---{kind}", f"DEC--{kind}"]
    if kind == "COE":
        w.wcs.set_pv([(2, 1, 45.0)])
    there = w.wcs_pix2world([[10.0, 20.0], [50.0, 60.0]], 1)
    print(kind, numpy.round(there, 6).tolist(), numpy.round(w.wcs_world2pix(there, 1), 5).tolist())
    print(
        len(w.to_header_string()),
        w.wcs.compare(copy.deepcopy(w).wcs),
        pickle.loads(pickle.dumps(w)).wcs.ctype[0],
    )
spectral = WCS(
    fits.Header(
        {
            "CTYPE1": "FREQ",
            "CUNIT1": "Hz",
            "CRVAL1": 1.4e9,
            "CDELT1": 1e6,
            "CRPIX1": 1,
            "RESTFRQ": 1.42e9,
        }
    )
)
spectral.wcs.sptr("VELO-F2V")
print(spectral.wcs.ctype[0], spectral.wcs.fix() if hasattr(spectral.wcs, "fix") else "")
for bad in (
    {"CTYPE1": "RA---TAN"},
    {"CTYPE1": "RA---NOP", "CTYPE2": "DEC--NOP"},
    {"CDELT1": 0.0, "CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN"},
):
    try:
        broken = WCS(fits.Header(bad))
        broken.wcs.set()
        print(broken.wcs_pix2world([[1.0] * broken.naxis], 1).shape)
    except Exception as e:
        print(type(e).__name__)
sub = w.sub([2, 1])
print(
    sub.wcs.ctype[0], w.celestial.wcs.ctype[1], w.wcs.get_pc().tolist(), w.proj_plane_pixel_scales()
)
print(
    numpy.round(w.calc_footprint(axes=(100, 100)), 4).tolist(),
    w.wcs.dateobs,
    w.wcs.bounds_check(True, True),
)
