"""GRIB 1 and 2, BUFR, packings, keys, indexes, files and errors of ecCodes."""

import os
import tempfile

import eccodes as e
import numpy

values = numpy.round(numpy.sin(numpy.arange(496) * 0.05) * 50 + 280, 2)
with tempfile.TemporaryDirectory() as directory:
    path = os.path.join(directory, "a.grib")
    with open(path, "wb") as f:
        for sample in (
            "regular_ll_sfc_grib1",
            "regular_ll_sfc_grib2",
            "regular_ll_pl_grib2",
            "reduced_gg_pl_32_grib2",
        ):
            h = e.codes_grib_new_from_samples(sample)
            for key in (
                "edition",
                "Ni",
                "Nj",
                "shortName",
                "typeOfLevel",
                "gridType",
                "packingType",
                "numberOfValues",
                "centre",
                "units",
                "name",
            ):
                try:
                    print(sample, key, e.codes_get(h, key))
                except Exception as x:
                    print(sample, key, type(x).__name__)
            if sample.startswith("regular"):
                e.codes_set_values(h, numpy.resize(values, e.codes_get_size(h, "values")))
            for packing in (
                "grid_simple",
                "grid_ccsds",
                "grid_jpeg",
                "grid_second_order",
                "grid_png",
                "grid_ieee",
                "grid_complex",
            ):
                try:
                    e.codes_set(h, "packingType", packing)
                    v = e.codes_get_values(h)
                    print(
                        packing,
                        e.codes_get(h, "packingType"),
                        len(v),
                        round(float(v.mean()), 2),
                        round(float(v.max()), 2),
                    )
                    e.codes_set(h, "shortName", "2t" if packing == "grid_simple" else "tp")
                    e.codes_set(h, "dataDate", 20260101 + len(packing))
                    e.codes_write(h, f)
                except Exception as x:
                    print(packing, type(x).__name__)
            try:
                print(
                    [
                        (round(n["lat"], 1), round(n["lon"], 1), round(n["value"], 1))
                        for n in e.codes_grib_find_nearest(h, 50, 10)
                    ]
                )
            except Exception as x:
                print(type(x).__name__)
            copy = e.codes_clone(h)
            print(
                e.codes_get_message_size(copy) == len(e.codes_get_message(h)),
                e.codes_get(copy, "paramId"),
            )
            e.codes_release(copy)
            e.codes_release(h)
    with open(path, "rb") as f:
        print(e.codes_count_in_file(f))
        while (h := e.codes_grib_new_from_file(f)) is not None:
            print(
                e.codes_get(h, "shortName"),
                e.codes_get(h, "dataDate"),
                e.codes_get_long_array(h, "codedValues")[:0]
                if False
                else e.codes_get_size(h, "values"),
            )
            it = e.codes_keys_iterator_new(h, "ls")
            while e.codes_keys_iterator_next(it):
                print(e.codes_keys_iterator_get_name(it), end=" ")
            e.codes_keys_iterator_delete(it)
            print()
            e.codes_release(h)
    index = e.codes_index_new_from_file(path, ["shortName", "dataDate"])
    print(e.codes_index_get(index, "shortName"), e.codes_index_get_size(index, "dataDate"))
    e.codes_index_release(index)
    b = e.codes_bufr_new_from_samples("BUFR4")
    e.codes_set_array(b, "inputDelayedDescriptorReplicationFactor", [2]) if False else None
    e.codes_set(b, "masterTablesVersionNumber", 28)
    e.codes_set_array(b, "unexpandedDescriptors", [301011, 301012, 12001])
    for key, value in (
        ("year", 2026),
        ("month", 1),
        ("day", 2),
        ("hour", 3),
        ("minute", 4),
        ("airTemperature", 280.5),
    ):
        e.codes_set(b, key, value)
    e.codes_set(b, "pack", 1)
    again = e.codes_new_from_message(e.codes_get_message(b))
    e.codes_set(again, "unpack", 1)
    print(
        e.codes_get(again, "airTemperature"),
        e.codes_get(again, "year"),
        e.codes_get_array(again, "expandedDescriptors"),
    )
    h = e.codes_grib_new_from_samples("regular_ll_sfc_grib2")
    for bad in (
        lambda: e.codes_get(h, "nosuch"),
        lambda: e.codes_set(h, "7777", "x"),
        lambda: e.codes_grib_new_from_samples("none"),
        lambda: e.codes_new_from_message(b"GRIBgarbage" * 9),
        lambda: e.codes_set(h, "shortName", "qqq"),
    ):
        try:
            print(bad() is None)
        except Exception as x:
            print(type(x).__name__)
