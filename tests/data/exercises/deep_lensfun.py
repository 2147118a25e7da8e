"""Cameras, lenses, modifiers and XML of Lensfun, with a database that is given here."""

import lensfunpy
import numpy

xml = """<lensdatabase version="1"><mount><name>M</name><compat>Other</compat></mount>
<camera><maker>Maker</maker><model>Cam One</model><mount>M</mount><cropfactor>1.5</cropfactor></camera>
<camera><maker>Maker</maker><model>Cam Two</model><mount>Other</mount><cropfactor>1.0</cropfactor></camera>
<lens><maker>Maker</maker><model>Zoom 18-55mm f/3.5-5.6</model><mount>M</mount><cropfactor>1.5</cropfactor><calibration>
<distortion model="ptlens" focal="18" a="0.016" b="-0.04" c="0.01"/><distortion model="ptlens" focal="55" a="0.001" b="-0.003" c="0.002"/>
<tca model="poly3" focal="18" vr="1.0003" vb="0.9998"/><vignetting model="pa" focal="18" aperture="3.5" distance="10" k1="-0.5" k2="0.2" k3="-0.1"/>
<vignetting model="pa" focal="18" aperture="8" distance="10" k1="-0.2" k2="0.1" k3="-0.05"/></calibration></lens>
<lens><maker>Maker</maker><model>Prime 50mm f/1.8</model><mount>M</mount><cropfactor>1.5</cropfactor><calibration>
<distortion model="poly3" focal="50" k1="0.01"/></calibration></lens></lensdatabase>"""
db = lensfunpy.Database(xml=xml, load_common=False, load_bundled=False)
print([(c.maker, c.model, c.mount, c.crop_factor) for c in db.cameras], [m.name for m in db.mounts])
for lens in db.lenses:
    print(
        lens.model,
        lens.min_focal,
        lens.max_focal,
        round(lens.min_aperture, 1),
        lens.mounts,
        lens.crop_factor,
        str(lens.type),
        lens.score,
    )
camera = db.find_cameras("maker", "cam one", loose_search=True)[0]
print(
    db.find_cameras("Maker", "Cam Tw"),
    [
        len(db.find_lenses(camera, "Maker", n, loose_search=True))
        for n in ("zoom 18-55", "50mm", "none")
    ],
)
lens = db.find_lenses(camera, "Maker", "zoom 18-55mm", loose_search=True)[0]
for focal in (18, 35, 55):
    for flags in (
        lensfunpy.ModifyFlags.ALL,
        lensfunpy.ModifyFlags.DISTORTION,
        lensfunpy.ModifyFlags.TCA | lensfunpy.ModifyFlags.VIGNETTING,
    ):
        for reverse in (False, True):
            for kind in (numpy.float32, numpy.float64, numpy.uint8):
                m = lensfunpy.Modifier(lens, camera.crop_factor, 120, 80)
                m.initialize(focal, 4.0, 10, pixel_format=kind, flags=flags, reverse=reverse)
                c = m.apply_geometry_distortion()
                print(
                    focal,
                    reverse,
                    None
                    if c is None
                    else (c.shape, round(float(c.mean()), 2), round(float(c[0, 0, 0]), 2)),
                )
                c = m.apply_subpixel_geometry_distortion()
                print(None if c is None else (c.shape, round(float(c.mean()), 2)))
                image = numpy.full((80, 120, 3), 100, kind)
                print(
                    m.apply_color_modification(image),
                    round(float(image.mean()), 1),
                    round(m.focal_length if hasattr(m, "focal_length") else 0, 1),
                )
for bad in (
    lambda: lensfunpy.Database(xml="<broken", load_common=False, load_bundled=False),
    lambda: lensfunpy.Database(paths=["/nowhere.xml"], load_common=False, load_bundled=False),
):
    try:
        print(bad() is None)
    except Exception as e:
        print(type(e).__name__)
