"""Alignments of many kinds, widths, tables, traces, profiles, matrices and files, by parasail."""

import os
import tempfile

import parasail

a, b = "ACGTTAGCATTAGGCATACCA" * 4, "ACGTAGCTTAGGCCATACGA" * 4
matrix = parasail.matrix_create("ACGT", 2, -3)
for kind in ("nw", "sg", "sw", "sg_qx", "sg_db"):
    for way in ("", "_scan", "_striped", "_diag"):
        for width in ("8", "16", "32", "64", "sat"):
            for what in ("", "_stats", "_table", "_trace", "_stats_rowcol"):
                name = f"{kind}{what}{way}_{width}"
                if f := getattr(parasail, name, None):
                    r = f(a, b, 5, 1, matrix)
                    print(
                        name,
                        r.score,
                        r.saturated,
                        r.end_query,
                        r.end_ref,
                        *((r.matches, r.similar, r.length) if "stats" in what else ()),
                        *((int(r.score_table.sum()),) if what == "_table" else ()),
                        *((r.cigar.decode.decode()[:20],) if what == "_trace" else ()),
                    )
protein, other = "MKVLAAGIVGLLLAQWERTYHKDE" * 3, "MKVLSAGIVGALAQWTRTYHKE" * 3
for m in (parasail.blosum62, parasail.pam120, parasail.blosum45, parasail.blosum80):
    profile = parasail.profile_create_16(protein, m)
    print(
        parasail.sw_striped_profile_16(profile, other, 11, 1).score,
        parasail.sw_trace_striped_16(protein, other, 11, 1, m).traceback.comp[:30],
        m.size,
        m.max,
        m.min,
    )
s = parasail.ssw(a, b, 5, 1, matrix)
print(
    s.score1,
    s.ref_begin1,
    s.ref_end1,
    s.read_begin1,
    s.read_end1,
    list(s.cigar)[:6],
    parasail.ssw_profile(parasail.ssw_init(a, matrix, 2), b, 5, 1).score1,
)
print(
    parasail.nw_banded(a, b, 5, 1, 9, matrix).score,
    parasail.can_use_sse2() in (True, False),
    parasail.sw_trace(a, b, 5, 1, parasail.matrix_create("acgt", 1, -1, True)).cigar.beg_ref,
)
own = parasail.blosum62.copy()
own[2, 2] = 30
path = os.path.join(tempfile.mkdtemp(), "a.fa")
open(path, "w").write(f">one c\n{a}\n>two\n{b[:30]}\n{b[30:]}\n")
seqs = parasail.sequences_from_file(path)
print(
    own.matrix[2, 2],
    len(seqs),
    seqs[0].name,
    len(seqs[1]),
    seqs.characters if hasattr(seqs, "characters") else "",
)
open(path, "w").write(
    "#m\n   A  C  G  T *\nA  5 -4 -4 -4 -9\nC -4 5 -4 -4 -9\nG -4 -4 5 -4 -9\nT -4 -4 -4 5 -9\n* -9 -9 -9 -9 1\n"
)
print(parasail.sw(a, b, 5, 1, parasail.Matrix(path)).score)
for bad in (
    lambda: parasail.Matrix("/no"),
    lambda: parasail.matrix_create("", 1, 1).size,
    lambda: parasail.sw(a, b, -5, 1, matrix).score,
    lambda: parasail.sw(1, b, 5, 1, matrix),
):
    try:
        print(bad())
    except Exception as e:
        print(type(e).__name__)
