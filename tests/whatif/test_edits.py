"""Changes by their names, and what one object's change means for the others."""

from __future__ import annotations

from pathlib import Path

import pytest

from collide.elf.object import ElfObject, read_object
from collide.support.errors import UsageError
from collide.whatif.edits import (
    Edit,
    LinkChange,
    apply_edits,
    distribution_tag,
    parse_change,
    parse_edit,
)
from compiler import compile_so


@pytest.mark.parametrize(
    ("text", "change"),
    [
        ("-Bsymbolic", LinkChange("-Bsymbolic")),
        ("-Wl,-Bsymbolic-functions", LinkChange("-Bsymbolic-functions")),
        ("-Wl,--exclude-libs,ALL", LinkChange("hide")),
        ("-fvisibility=hidden", LinkChange("hide")),
        ("hide", LinkChange("hide")),
        ("hide=xml*,html*", LinkChange("hide", ("xml*", "html*"))),
        ("rename=f", LinkChange("rename", ("f",))),
        ("version=MINE", LinkChange("version", value="MINE")),
        ("soname", LinkChange("soname")),
        ("soname=libx.so", LinkChange("soname", value="libx.so")),
        ("local", LinkChange("local")),
    ],
)
def test_change_by_its_name(text: str, change: LinkChange) -> None:
    assert parse_change(text) == change
    assert parse_change(str(change)) == change


@pytest.mark.parametrize(
    "text", ["", "symbolic", "-Bsymbolic=f", "version", "version=", "local=x", "hide="]
)
def test_what_is_no_change(text: str) -> None:
    with pytest.raises(UsageError, match="is no change"):
        parse_change(text)


def test_edit_matches_a_name_or_its_base_name() -> None:
    edit = parse_edit("lxml/etree*=-Bsymbolic")
    assert str(edit) == "lxml/etree*=-Bsymbolic"
    assert edit.matches("lxml/etree.cpython-311.so")
    assert not edit.matches("lxml/objectify.so")
    assert parse_edit("etree*=hide").matches("lxml/etree.cpython-311.so")
    assert not parse_edit("ETREE*=hide").matches("lxml/etree.cpython-311.so")


def built(tmp_path: Path) -> dict[str, ElfObject]:
    """m.so needs a.so and then b.so; both define ``both``, and a.so needs b.so."""
    libraries = {
        "b.so": ("int both(void) { return 1; } int b(void) { return 2; }", ()),
        "a.so": ("int b(void); int both(void) { return b(); }", ("b.so",)),
        "m.so": ("int both(void), b(void); int m(void) { return both() + b(); }", ("a.so", "b.so")),
        "c.so": ("int b(void); int c(void) { return b(); }", ()),
    }
    objects = {}
    for name, (source, needed) in libraries.items():
        links = [f"-l:{n}" for n in needed]
        flags = (f"-Wl,-soname,{name}", f"-L{tmp_path}", "-Wl,--no-as-needed", *links)
        path = compile_so(tmp_path, name, source, *flags, "-Wl,--allow-shlib-undefined")
        objects[f"/p/{name}"] = read_object(path.read_bytes())
    return objects


def edited(objects: dict[str, ElfObject], *edits: str) -> dict[str, ElfObject]:
    names = {path: path.removeprefix("/p/") for path in objects}
    return dict(apply_edits(objects, names, map(parse_edit, edits), "tag").objects)


def names(obj: ElfObject) -> set[str]:
    return {r.name for r in obj.references}


def test_rename_concerns_who_gets_the_symbol_from_there(tmp_path: Path) -> None:
    objects = edited(built(tmp_path), "b.so=rename")
    assert objects["/p/b.so"].exports.names == {"both", "b_tag"}
    assert names(objects["/p/m.so"]) == {"both", "b_tag"}
    assert names(objects["/p/a.so"]) == {"b_tag"}
    # It needs no b.so: whoever it means is not there.
    assert names(objects["/p/c.so"]) == {"b"}


def test_rename_of_what_comes_first_leaves_the_second(tmp_path: Path) -> None:
    objects = edited(built(tmp_path), "a.so=rename")
    assert objects["/p/a.so"].exports.names == {"both_tag"}
    assert objects["/p/b.so"].exports.names == {"both", "b"}
    assert names(objects["/p/m.so"]) == {"both_tag", "b"}


def test_soname_and_version_concern_who_needs_the_library(tmp_path: Path) -> None:
    objects = edited(built(tmp_path), "b.so=version=MINE", "b.so=soname=lib-mine.so")
    assert objects["/p/m.so"].needed == ("a.so", "lib-mine.so")
    assert objects["/p/b.so"].soname == "lib-mine.so"
    for user in ("/p/m.so", "/p/a.so"):
        (need,) = objects[user].version_needs
        assert (need.file, need.version) == ("lib-mine.so", "MINE")
    assert objects["/p/c.so"].version_needs == ()


def test_soname_of_its_own_is_made_like_auditwheel_s(tmp_path: Path) -> None:
    objects = built(tmp_path)
    soname = edited(objects, "b.so=soname")["/p/b.so"].soname
    assert soname is not None
    assert soname.startswith("b-")
    assert soname.endswith(".so")
    assert len(soname) == len("b-12345678.so")


def test_nothing_else_is_changed(tmp_path: Path) -> None:
    objects = built(tmp_path)
    after = edited(objects, "c.so=-Bsymbolic")
    assert {path for path in objects if after[path] is not objects[path]} == {"/p/c.so"}


def test_new_names_end_in_the_name_of_the_distribution() -> None:
    assert distribution_tag("dir/psycopg2_binary-2.9.13-cp311-cp311-linux.whl") == "psycopg2_binary"
    assert distribution_tag("/usr/lib/libpython3.11.so.1.0") == "libpython3"


def test_change_and_edit_are_hashable() -> None:
    assert len({Edit("m.so", LinkChange("hide")), Edit("m.so", LinkChange("hide"))}) == 1
