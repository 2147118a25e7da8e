"""Sources parsed, walked, completed, tokenized, changed in memory, saved, loaded, and wrong ones, by libclang."""

import os
import tempfile

from clang.cindex import CursorKind, Index, TranslationUnit

SOURCE = """\
struct point { int x, y; double z[3]; };
enum colour { RED = 1, GREEN, BLUE = 9 };
typedef struct point point_t;
#define TWICE(a) ((a) * 2)
/// Adds things.
static int add(int a, const point_t *p) { return a + p->x + TWICE(3); }
namespace n { template <class T> struct box { T value; virtual T get() const { return value; } }; }
class derived : public n::box<int> { public: int get() const override { return 5; } ~derived(); private: float f; };
int main() { derived d; for (int i = 0; i < 3; ++i) { if (i) continue; } auto l = [](int q) { return q; }; return add(1, nullptr) + l(d.get()); }
"""
index = Index.create()
tu = index.parse(
    "a.cpp",
    args=["-std=c++17"],
    unsaved_files=[("a.cpp", SOURCE)],
    options=TranslationUnit.PARSE_DETAILED_PROCESSING_RECORD,
)
print([str(d) for d in tu.diagnostics])


def walk(cursor, depth=0):
    for child in cursor.get_children():
        if child.location.file and child.location.file.name == "a.cpp":
            yield depth, child
            yield from walk(child, depth + 1)


every = list(walk(tu.cursor))
for depth, c in every:
    if depth < 3:
        print(
            depth,
            c.kind.name,
            c.spelling,
            c.type.spelling,
            c.extent.start.line,
            c.extent.end.column,
            c.get_usr()[:40],
        )
print(len(every), sum(c.is_definition() for _, c in every))
(point,) = [c for _, c in every if c.kind == CursorKind.STRUCT_DECL and c.spelling == "point"]
print(
    point.type.get_size(),
    point.type.get_align(),
    [(f.spelling, f.type.spelling, f.get_field_offsetof()) for f in point.type.get_fields()],
)
(add,) = [c for _, c in every if c.spelling == "add" and c.kind == CursorKind.FUNCTION_DECL]
print(
    add.result_type.spelling,
    [a.spelling for a in add.get_arguments()],
    add.raw_comment,
    add.storage_class.name,
    add.type.kind.name,
)
print([(c.spelling, c.enum_value) for _, c in every if c.kind == CursorKind.ENUM_CONSTANT_DECL])
call = [c for _, c in every if c.kind == CursorKind.CALL_EXPR and c.spelling == "add"][0]
print(call.referenced == add, call.referenced.location.line, add.semantic_parent.kind.name)
(derived,) = [c for _, c in every if c.spelling == "derived" and c.kind == CursorKind.CLASS_DECL]
print([(m.kind.name, m.spelling, m.access_specifier.name) for m in derived.get_children()])
tokens = list(tu.get_tokens(extent=add.extent))
print(len(tokens), [(t.spelling, t.kind.name) for t in tokens[:6]])
found = tu.codeComplete(
    "a.cpp",
    9,
    25,
    unsaved_files=[
        ("a.cpp", SOURCE.replace("int main() { derived d; for", "int main() { derived d; d.;for"))
    ],
)
print(found is not None and any("get" in str(r) for r in found.results))
tu.reparse(
    unsaved_files=[("a.cpp", SOURCE.replace("int add(", "int sum(").replace("add(1", "sum(1"))]
)
print([c.spelling for _, c in walk(tu.cursor) if c.kind == CursorKind.FUNCTION_DECL])
with tempfile.TemporaryDirectory() as directory:
    path = os.path.join(directory, "a.ast")
    tu.save(path)
    back = TranslationUnit.from_ast_file(path, index)
    print([c.spelling for c in back.cursor.get_children() if c.kind == CursorKind.FUNCTION_DECL])
for text in ("int f( { return }", "#include <none.h>\nint x;", "int x = y;", "template <", ""):
    wrong = index.parse("b.cpp", unsaved_files=[("b.cpp", text)])
    print(
        [
            (d.severity, d.location.line, d.category_name, len(list(d.fixits)))
            for d in wrong.diagnostics
        ]
    )
for bad in (
    lambda: index.parse("/no/such.cpp"),
    lambda: index.read("/no/such.ast"),
    lambda: tu.get_file("none.h"),
):
    try:
        print(bad())
    except Exception as e:
        print(type(e).__name__)
for i in range(5):
    Index.create().parse("c.c", unsaved_files=[("c.c", f"int f{i}(void) {{ return {i}; }}")])
