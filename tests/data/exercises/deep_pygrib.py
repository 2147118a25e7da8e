"""GRIB messages that are read, changed, selected and written by pygrib with its ecCodes."""

import os
import tempfile

import numpy
import pygrib

directory = tempfile.mkdtemp()
samples = os.environ.get("ECCODES_SAMPLES_PATH")
raw = (
    b"GRIB\x00\x00\x54\x01"
    b"\x00\x00\x1c\x80\x62\x80\xff\x80\xa7\x01\x00\x00\x1a\x01\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x15\x00\x00\x00"
    b"\x00\x00\x20\x00\xff\x00\x00\x02\x00\x02\x00\x03\xe8\x00\x00\x00\x80\x00\x00\x00\x00\x03\xe8\x03\xe8\x03\xe8\x00\x00\x00\x00\x00"
    b"\x00\x00\x0c\x08\x80\x00\x41\x10\x00\x00\x00\x00"
    b"7777"
)
path = os.path.join(directory, "a.grb")
with open(path, "wb") as f:
    f.write(raw * 3)
for bad in (path, os.path.join(directory, "none")):
    try:
        with pygrib.open(bad) as grbs:
            print(grbs.messages)
            for grb in grbs:
                print(
                    grb.shortName,
                    grb.Ni,
                    grb.Nj,
                    grb.dataDate,
                    grb.values.shape,
                    grb.latlons()[0].shape,
                )
                print(sorted(grb.keys())[:20], grb.is_missing("level"), grb.has_key("values"))
                grb["values"] = numpy.array([[1.5, 2.5], [3.25, 280.0]])
                grb["packingType"] = "grid_simple"
                print(grb.values, grb.average, len(grb.tostring()) > 50)
                again = pygrib.fromstring(grb.tostring())
                print(
                    again,
                    round(float(again.values.mean()), 2),
                    again.gridType,
                    again.validDate,
                    again.analDate,
                )
                print(
                    again.data()[0].shape,
                    again["centre"],
                    again.forecastTime if again.has_key("forecastTime") else 0,
                )
            grbs.rewind()
            print(
                len(grbs.select(shortName=grb.shortName)),
                grbs.message(2).messagenumber,
                grbs.tell(),
            )
            try:
                print(grbs.select(shortName="none"))
            except ValueError as e:
                print(type(e).__name__)
            index = pygrib.index(path, "shortName", "level")
            print(index.keys, len(index.select(shortName=grb.shortName, level=grb.level)))
    except Exception as e:
        print(type(e).__name__, e.args and str(e)[:30] if not isinstance(e, OSError) else "")
try:
    print(pygrib.fromstring(b"GRIB" + bytes(200)))
except Exception as e:
    print(type(e).__name__)
