"""Matrices and vectors of several types, products over semirings, iteration and errors, by GraphBLAS."""

import suitesparse_graphblas as sg

ffi, lib = sg.ffi, sg.lib
sg.initialize(blocking=True)
check = sg.check_status


def matrix(kind, rows, columns, values):
    made = ffi.new("GrB_Matrix*")
    print(lib.GrB_Matrix_new(made, getattr(lib, f"GrB_{kind}"), rows, columns))
    set_ = getattr(lib, f"GrB_Matrix_setElement_{kind}")
    for (i, j), value in values.items():
        set_(made[0], value, i, j)
    return made


def told(made, kind="FP64"):
    n = ffi.new("GrB_Index*")
    lib.GrB_Matrix_nvals(n, made[0])
    rows, columns = (ffi.new("GrB_Index[]", n[0] + 1) for _ in range(2))
    c = {"FP64": "double", "INT64": "int64_t", "BOOL": "bool"}[kind]
    values = ffi.new(f"{c}[]", n[0] + 1)
    getattr(lib, f"GrB_Matrix_extractTuples_{kind}")(rows, columns, values, n, made[0])
    return sorted((rows[k], columns[k], values[k]) for k in range(n[0]))


a = matrix("FP64", 4, 4, {(0, 1): 1.5, (1, 2): 2, (2, 3): 3, (3, 0): 4, (0, 2): 5})
b = matrix("FP64", 4, 4, {(i, (i * 3) % 4): i + 1.0 for i in range(4)})
c = matrix("FP64", 4, 4, {})
null = ffi.NULL
for ring in (
    "GrB_PLUS_TIMES_SEMIRING_FP64",
    "GrB_MIN_PLUS_SEMIRING_FP64",
    "GrB_MAX_TIMES_SEMIRING_FP64",
):
    print(ring, lib.GrB_mxm(c[0], null, null, getattr(lib, ring), a[0], b[0], null), told(c))
print(lib.GrB_transpose(c[0], null, null, a[0], null), told(c))
print(
    lib.GrB_Matrix_eWiseAdd_BinaryOp(c[0], null, null, lib.GrB_PLUS_FP64, a[0], b[0], null), told(c)
)
print(lib.GrB_Matrix_apply(c[0], null, null, lib.GrB_AINV_FP64, a[0], null), told(c))
print(lib.GrB_Matrix_select_FP64(c[0], null, null, lib.GrB_VALUEGT_FP64, a[0], 2.0, null), told(c))
print(
    lib.GrB_Matrix_kronecker_BinaryOp(
        matrix("FP64", 16, 16, {})[0], null, null, lib.GrB_TIMES_FP64, a[0], b[0], null
    )
)
total = ffi.new("double*")
print(lib.GrB_Matrix_reduce_FP64(total, null, lib.GrB_PLUS_MONOID_FP64, a[0], null), total[0])
big = matrix("INT64", 1000, 1000, {(i, (i * i) % 1000): i for i in range(1000)})
out = matrix("INT64", 1000, 1000, {})
print(lib.GrB_mxm(out[0], null, null, lib.GrB_PLUS_TIMES_SEMIRING_INT64, big[0], big[0], null))
print(sum(v for _, _, v in told(out, "INT64")) % 10007)
for size in (ffi.new("GrB_Index*"),):
    print(lib.GrB_Matrix_nrows(size, out[0]), size[0])
print(lib.GrB_Matrix_resize(out[0], 10, 10), told(out, "INT64"))
copy = ffi.new("GrB_Matrix*")
print(
    lib.GrB_Matrix_dup(copy, a[0]), told(copy) == told(a), lib.GrB_Matrix_clear(copy[0]), told(copy)
)
v = ffi.new("GrB_Vector*")
print(lib.GrB_Vector_new(v, lib.GrB_FP64, 4))
for i in range(4):
    lib.GrB_Vector_setElement_FP64(v[0], i + 0.5, i)
print(lib.GrB_mxv(v[0], null, null, lib.GrB_PLUS_TIMES_SEMIRING_FP64, a[0], v[0], null))
value = ffi.new("double*")
print([(lib.GrB_Vector_extractElement_FP64(value, v[0], i), value[0]) for i in range(3)])
size = ffi.new("GrB_Index*")
print(lib.GrB_Matrix_serializeSize(size, a[0]), size[0] > 0)
blob = ffi.new("char[]", size[0])
print(lib.GrB_Matrix_serialize(blob, size, a[0]))
back = ffi.new("GrB_Matrix*")
print(lib.GrB_Matrix_deserialize(back, null, blob, size[0]), told(back) == told(a))
for bad in (
    lambda: lib.GrB_Matrix_setElement_FP64(a[0], 1.0, 99, 0),
    lambda: lib.GrB_mxm(c[0], null, null, lib.GrB_PLUS_TIMES_SEMIRING_FP64, a[0], out[0], null),
    lambda: lib.GrB_Matrix_extractElement_FP64(value, a[0], 0, 0),
    lambda: lib.GrB_Matrix_new(ffi.new("GrB_Matrix*"), null, 1, 1),
):
    print(bad())
try:
    check(a[0], lib.GrB_Matrix_setElement_FP64(a[0], 1.0, 99, 0))
except Exception as e:
    print(type(e).__name__)
for one in (a, b, c, big, out, copy, back):
    print(lib.GrB_Matrix_free(one), end=" ")
print(lib.GrB_Vector_free(v))
