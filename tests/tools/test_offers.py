"""What is taken of an archive's list of files."""

from __future__ import annotations

from offers import offers

LISTED = """
usr/lib/x86_64-linux-gnu/libEGL.so.1                    libs/libegl1
usr/lib/x86_64-linux-gnu/libEGL.so.1.1.0                libs/libegl1
usr/lib/x86_64-linux-gnu/libEGL.so                      libdevel/libegl-dev
lib/x86_64-linux-gnu/libz.so.1                          libs/zlib1g,oldlibs/zlib1g-compat
usr/lib/libown.so                                       misc/own
usr/lib/aarch64-linux-gnu/libEGL.so.1                   libs/cross
usr/lib/x86_64-linux-gnu/dri/swrast_dri.so              libs/libgl1-mesa-dri
usr/share/doc/libEGL.so.txt                             doc/egl-doc
"""


def test_libraries_are_those_of_the_loader_s_directories() -> None:
    assert offers(LISTED.splitlines(), "x86_64-linux-gnu").splitlines() == [
        "libegl1 libEGL.so.1",
        "own libown.so",
        "zlib1g libz.so.1",
        "zlib1g-compat libz.so.1",
    ]
