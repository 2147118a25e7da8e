"""Pixels, maps, harmonics, rotations, FITS files and errors of healpy with its HEALPix and CFITSIO."""

import os
import tempfile
import warnings

import healpy as hp
import numpy as np

warnings.simplefilter("ignore")
for nside in (1, 8, 64):
    n = hp.nside2npix(nside)
    ipix = np.arange(0, n, max(1, n // 50))
    for nest in (False, True):
        theta, phi = hp.pix2ang(nside, ipix, nest=nest)
        print(
            nside,
            nest,
            bool((hp.ang2pix(nside, theta, phi, nest=nest) == ipix).all()),
            np.round(hp.pix2vec(nside, ipix[:2], nest=nest), 4).tolist(),
            hp.get_all_neighbours(nside, 0, nest=nest).tolist(),
        )
    print(
        bool((hp.ring2nest(nside, hp.nest2ring(nside, ipix)) == ipix).all()),
        len(hp.query_disc(nside, [1, 0, 0], 0.3)),
        len(hp.query_polygon(nside, [[1, 0, 0], [0, 1, 0], [0, 0, 1]])),
        len(hp.query_strip(nside, 1, 1.5)) if nside > 1 else 0,
    )
    print(
        np.round(hp.boundaries(nside, 0).ravel()[:4], 4),
        round(hp.max_pixrad(nside), 5),
        hp.get_interp_weights(nside, 1.0, 0.5)[1].round(3).tolist(),
    )
rng = np.random.RandomState(4)
m = np.cos(np.arange(hp.nside2npix(32)) * 0.01)
alm = hp.map2alm(m, lmax=40, iter=2)
print(
    len(alm),
    np.round(abs(alm[:4]), 5),
    np.round(hp.alm2cl(alm)[:4], 7),
    np.round(hp.anafast(m, lmax=30)[:4], 7),
)
back = hp.alm2map(alm, 32)
print(
    round(float(np.std(back - m)), 3),
    np.round(hp.smoothing(m, fwhm=0.1)[:3], 4),
    hp.ud_grade(m, 8)[:3].round(4),
)
q = [m, m * 0.1, m * 0.2]
tqu = hp.map2alm(q, lmax=20, pol=True)
print(
    np.round(abs(tqu[1][5:8]), 5),
    np.round(hp.alm2map(tqu, 8)[1][:3], 5),
    hp.synfast(np.ones(20), 8).shape,
)
r = hp.Rotator(rot=[30, 20, 10])
print(
    np.round(r(1.0, 0.5), 5),
    np.round(r.rotate_map_pixel(ud)[:3], 4) if (ud := hp.ud_grade(m, 4)) is not None else "",
    np.round(hp.gauss_beam(0.1, 5), 5),
    np.round(hp.pixwin(8)[:2], 3) if False else "",
)
d = tempfile.mkdtemp()
path = os.path.join(d, "m.fits")
try:
    hp.write_map(path, m, coord="G", dtype=np.float64)
    print(bool(np.allclose(hp.read_map(path), m)))
    hp.write_alm(os.path.join(d, "a.fits"), alm)
    print(bool(np.allclose(hp.read_alm(os.path.join(d, "a.fits")), alm)))
except Exception as e:
    print(type(e).__name__)
print(
    hp.hotspots(m)[0].sum() if hasattr(hp, "hotspots") else "",
    hp.pixelfunc.isnsideok(7),
    hp.almxfl(alm, np.ones(41))[:2].round(3),
    round(float(np.std(hp.remove_dipole(m))), 3),
)
for bad in (
    lambda: hp.nside2npix(-1),
    lambda: hp.ang2pix(8, 9, 9),
    lambda: hp.read_map(os.path.join(d, "none")),
    lambda: hp.query_polygon(8, [[1, 0, 0], [0, 1, 0]]),
):
    try:
        print(bad() is None)
    except Exception as e:
        print(type(e).__name__)
