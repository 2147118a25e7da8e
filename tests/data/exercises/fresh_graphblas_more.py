"""Graphs of many types: assignment, extraction, masks, user's operators and types, sorting, import and export, threads."""

import suitesparse_graphblas as sg

ffi, lib = sg.ffi, sg.lib
sg.initialize(blocking=False)
null = ffi.NULL


def matrix(kind, rows, columns, values):
    made = ffi.new("GrB_Matrix*")
    assert lib.GrB_Matrix_new(made, getattr(lib, f"GrB_{kind}"), rows, columns) == 0
    set_ = getattr(lib, f"GrB_Matrix_setElement_{kind}")
    for (i, j), value in values.items():
        assert set_(made[0], value, i, j) == 0
    return made


def told(made, kind="FP64", c="double"):
    n = ffi.new("GrB_Index*")
    lib.GrB_Matrix_wait(made[0], lib.GrB_MATERIALIZE)
    lib.GrB_Matrix_nvals(n, made[0])
    rows, columns, values = (
        ffi.new("GrB_Index[]", n[0] + 1),
        ffi.new("GrB_Index[]", n[0] + 1),
        ffi.new(f"{c}[]", n[0] + 1),
    )
    print(
        getattr(lib, f"GrB_Matrix_extractTuples_{kind}")(rows, columns, values, n, made[0]), end=" "
    )
    return sorted((rows[k], columns[k], values[k]) for k in range(n[0]))


def indices(*values):
    return ffi.new("GrB_Index[]", list(values)), len(values)


for kind, c in (
    ("FP32", "float"),
    ("INT8", "int8_t"),
    ("UINT64", "uint64_t"),
    ("BOOL", "bool"),
    ("INT32", "int32_t"),
):
    a = matrix(kind, 5, 5, {(i, (i * 2) % 5): 1 if kind == "BOOL" else i % 2 + 1 for i in range(5)})
    b = matrix(kind, 5, 5, {})
    ring = "GrB_LOR_LAND_SEMIRING_BOOL" if kind == "BOOL" else f"GrB_PLUS_TIMES_SEMIRING_{kind}"
    print(
        kind, lib.GrB_mxm(b[0], null, null, getattr(lib, ring), a[0], a[0], null), told(b, kind, c)
    )
    rows, n = indices(0, 2, 4)
    sub = matrix(kind, 3, 3, {})
    print(
        lib.GrB_Matrix_extract(sub[0], null, null, a[0], rows, n, rows, n, null), told(sub, kind, c)
    )
    print(
        lib.GrB_Matrix_assign(b[0], a[0], null, sub[0], rows, n, rows, n, lib.GrB_DESC_R),
        told(b, kind, c),
    )
    print(
        getattr(lib, f"GrB_Matrix_assign_{kind}")(
            b[0], a[0], null, 1, lib.GrB_ALL, 5, lib.GrB_ALL, 5, lib.GrB_DESC_S
        ),
        told(b, kind, c),
    )
    for one in (a, b, sub):
        lib.GrB_Matrix_free(one)
big = matrix(
    "FP64",
    3000,
    3000,
    {(i, (i * i + 7) % 3000): float(i % 13) for i in range(3000)}
    | {(i, (i * 31) % 3000): 1.0 for i in range(3000)},
)
for format_ in ("GxB_BY_ROW", "GxB_BY_COL"):
    copy, out = ffi.new("GrB_Matrix*"), matrix("FP64", 3000, 3000, {})
    print(lib.GrB_Matrix_dup(copy, big[0]))
    if hasattr(lib, "GxB_Matrix_Option_set_INT32"):
        print(lib.GxB_Matrix_Option_set_INT32(copy[0], lib.GxB_FORMAT, getattr(lib, format_)))
    for descriptor in (null, lib.GrB_DESC_T0, lib.GrB_DESC_T1, lib.GrB_DESC_T0T1):
        print(
            lib.GrB_mxm(
                out[0],
                null,
                lib.GrB_PLUS_FP64,
                lib.GrB_PLUS_TIMES_SEMIRING_FP64,
                copy[0],
                big[0],
                descriptor,
            ),
            end=" ",
        )
    total = ffi.new("double*")
    print(lib.GrB_Matrix_reduce_FP64(total, null, lib.GrB_PLUS_MONOID_FP64, out[0], null), total[0])
    v, w = ffi.new("GrB_Vector*"), ffi.new("GrB_Vector*")
    lib.GrB_Vector_new(v, lib.GrB_FP64, 3000), lib.GrB_Vector_new(w, lib.GrB_FP64, 3000)
    print(lib.GrB_Vector_assign_FP64(v[0], null, null, 1.0, lib.GrB_ALL, 3000, null))
    for _ in range(5):
        print(
            lib.GrB_vxm(w[0], null, null, lib.GrB_MAX_PLUS_SEMIRING_FP64, v[0], copy[0], null),
            lib.GrB_mxv(
                v[0], w[0], null, lib.GrB_PLUS_TIMES_SEMIRING_FP64, big[0], w[0], lib.GrB_DESC_RS
            ),
            end=" ",
        )
        print(
            lib.GrB_Vector_apply_BinaryOp2nd_FP64(
                v[0], null, null, lib.GrB_TIMES_FP64, v[0], 1e-3, null
            ),
            end=" ",
        )
    print(
        lib.GrB_Vector_reduce_FP64(total, null, lib.GrB_PLUS_MONOID_FP64, v[0], null),
        round(total[0], 6),
    )
    print(
        lib.GrB_Matrix_reduce_Monoid(v[0], null, null, lib.GrB_MAX_MONOID_FP64, out[0], null),
        lib.GrB_Vector_reduce_FP64(total, null, lib.GrB_MIN_MONOID_FP64, v[0], null),
        total[0],
    )
    for one in (copy, out):
        lib.GrB_Matrix_free(one)
    lib.GrB_Vector_free(v), lib.GrB_Vector_free(w)


@ffi.callback("void(void*, const void*, const void*)")
def clip(z, x, y):
    ffi.cast("double*", z)[0] = min(ffi.cast("double*", x)[0] + ffi.cast("double*", y)[0], 5)


operator, monoid, ring = ffi.new("GrB_BinaryOp*"), ffi.new("GrB_Monoid*"), ffi.new("GrB_Semiring*")
print(lib.GrB_BinaryOp_new(operator, clip, lib.GrB_FP64, lib.GrB_FP64, lib.GrB_FP64))
print(
    lib.GrB_Monoid_new_FP64(monoid, operator[0], 0.0),
    lib.GrB_Semiring_new(ring, monoid[0], lib.GrB_TIMES_FP64),
)
small, out = (
    matrix("FP64", 4, 4, {(i, j): float(i + j) for i in range(4) for j in range(4)}),
    matrix("FP64", 4, 4, {}),
)
print(lib.GrB_mxm(out[0], null, null, ring[0], small[0], small[0], null), told(out))
print(lib.GrB_Matrix_select_INT64(out[0], null, null, lib.GrB_TRIL, small[0], 0, null), told(out))
print(
    lib.GrB_Matrix_apply_IndexOp_INT64(
        matrix("INT64", 4, 4, {})[0], null, null, lib.GrB_ROWINDEX_INT64, small[0], 1, null
    )
)
print(
    lib.GrB_Matrix_eWiseMult_Semiring(
        out[0], small[0], null, lib.GrB_PLUS_TIMES_SEMIRING_FP64, small[0], small[0], lib.GrB_DESC_C
    ),
    told(out),
)
kind = ffi.new("GrB_Type*")
print(lib.GrB_Type_new(kind, 16), lib.GrB_Matrix_new(out, kind[0], 3, 3))
value = ffi.new("double[2]", [1.5, 2.5])
print(lib.GrB_Matrix_setElement_UDT(out[0], value, 1, 1))
back = ffi.new("double[2]")
print(lib.GrB_Matrix_extractElement_UDT(back, out[0], 1, 1), list(back))
scalar = ffi.new("GrB_Scalar*")
print(
    lib.GrB_Scalar_new(scalar, lib.GrB_FP64),
    lib.GrB_Scalar_setElement_FP64(scalar[0], 2.5),
    lib.GrB_Matrix_setElement_Scalar(small[0], scalar[0], 0, 0),
)
rows, columns, values = (
    ffi.new("GrB_Index[]", [0, 1, 1]),
    ffi.new("GrB_Index[]", [2, 0, 0]),
    ffi.new("double[]", [1, 2, 3]),
)
built = matrix("FP64", 3, 3, {})
print(lib.GrB_Matrix_build_FP64(built[0], rows, columns, values, 3, lib.GrB_PLUS_FP64), told(built))
p, i, n = ffi.new("GrB_Index*"), ffi.new("GrB_Index*"), ffi.new("GrB_Index*")
print(lib.GrB_Matrix_exportSize(p, i, n, lib.GrB_CSR_FORMAT, built[0]), p[0], i[0], n[0])
P, J, X = ffi.new("GrB_Index[]", p[0]), ffi.new("GrB_Index[]", i[0]), ffi.new("double[]", n[0])
print(
    lib.GrB_Matrix_export_FP64(P, J, X, p, i, n, lib.GrB_CSR_FORMAT, built[0]),
    list(P),
    list(J),
    list(X),
)
again = ffi.new("GrB_Matrix*")
print(
    lib.GrB_Matrix_import_FP64(
        again, lib.GrB_FP64, 3, 3, P, J, X, p[0], i[0], n[0], lib.GrB_CSR_FORMAT
    ),
    told(again),
)
text = ffi.new("char**")
print(
    lib.GrB_Matrix_setElement_FP64(built[0], 1, 9, 9),
    lib.GrB_Matrix_error(text, built[0]),
    len(ffi.string(text[0])) > 5,
)
for one in (big, small, out, built, again):
    print(lib.GrB_Matrix_free(one), end=" ")
print(
    lib.GrB_Semiring_free(ring),
    lib.GrB_Monoid_free(monoid),
    lib.GrB_BinaryOp_free(operator),
    lib.GrB_Scalar_free(scalar),
)
