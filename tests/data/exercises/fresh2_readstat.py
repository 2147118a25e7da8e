"""Tables written and read as SPSS, Stata and SAS transport files, in parts and broken, by ReadStat."""

import datetime
import os
import tempfile

import pyreadstat

data = {
    "x": [1.0, 2.5, None, -4.0, 1e10],
    "n": [1, 2, 3, 4, 5],
    "s": ["a", "täxt", "", "long " * 60, "z"],
    "d": [datetime.date(2020, 1, d) for d in range(1, 6)],
    "t": [datetime.datetime(2021, 5, d, 3, 4, 5) for d in range(1, 6)],
}
import pandas

frame = pandas.DataFrame(data)
d = tempfile.mkdtemp()
labels = {"x": "the x", "n": "n"}
write = {
    "a.sav": lambda p: pyreadstat.write_sav(
        frame,
        p,
        file_label="f",
        column_labels=labels,
        variable_value_labels={"n": {1: "one", 2: "two"}},
        missing_ranges={"x": [{"lo": 2, "hi": 3}]},
        note="note",
        variable_measure={"n": "ordinal"},
    ),
    "b.sav": lambda p: pyreadstat.write_sav(frame, p, compress=True),
    "c.zsav": lambda p: pyreadstat.write_sav(frame, p, row_compress=True),
    "d.por": lambda p: pyreadstat.write_por(frame.drop(columns="s"), p),
    "e.dta": lambda p: pyreadstat.write_dta(frame, p, version=15, column_labels=labels),
    "f.dta": lambda p: pyreadstat.write_dta(frame.drop(columns="s"), p, version=8),
    "g.xpt": lambda p: pyreadstat.write_xport(frame, p, file_format_version=8, table_name="TAB"),
    "h.xpt": lambda p: pyreadstat.write_xport(frame, p, file_format_version=5),
}
readers = {
    "sav": pyreadstat.read_sav,
    "zsav": pyreadstat.read_sav,
    "por": pyreadstat.read_por,
    "dta": pyreadstat.read_dta,
    "xpt": pyreadstat.read_xport,
}
for name, call in write.items():
    path, reader = os.path.join(d, name), readers[name.rpartition(".")[2]]
    try:
        call(path)
        back, meta = reader(path)
        print(name, back.shape, back.iloc[:, 0].tolist(), str(back.iloc[3].tolist())[:90])
        print(
            meta.file_label,
            meta.file_encoding,
            meta.column_labels,
            meta.original_variable_types,
            meta.variable_value_labels,
            meta.missing_ranges,
            meta.notes,
            meta.number_rows,
        )
        print(
            reader(path, metadataonly=True)[1].column_names,
            reader(path, usecols=["n" if name != "d.por" else "N"], row_limit=2, row_offset=1)[
                0
            ].values.tolist(),
            reader(path, user_missing=True)[0].shape if "sav" in name else "",
        )
        raw = open(path, "rb").read()
        for cut in (10, 200, len(raw) // 2, len(raw) - 9):
            open(path, "wb").write(raw[:cut])
            try:
                print(cut, reader(path)[0].shape)
            except Exception as e:
                print(cut, type(e).__name__)
    except Exception as e:
        print(name, type(e).__name__)
for reader in (*readers.values(), pyreadstat.read_sas7bdat, pyreadstat.read_sas7bcat):
    try:
        print(reader("/no/such"))
    except Exception as e:
        print(type(e).__name__)
