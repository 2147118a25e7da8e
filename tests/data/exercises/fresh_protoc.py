"""Protocol files compiled to Python and descriptors, used, with options and errors, by protoc."""

import importlib
import os
import sys
import tempfile

from grpc_tools import protoc

PROTO = """\
syntax = "proto3";
package test;
import "google/protobuf/timestamp.proto";
import "other.proto";
enum Colour { NONE = 0; RED = 1; BLUE = 5; }
message Point { int32 x = 1; sint64 y = 2; repeated double values = 3; map<string, Other> others = 4;
  oneof kind { string name = 5; bytes raw = 6; } Colour colour = 7; google.protobuf.Timestamp at = 8;
  message Inner { optional bool b = 1; reserved 2 to 5; } Inner inner = 9; fixed32 f = 10 [json_name = "eff", deprecated = true]; }
service Server { rpc Get(Point) returns (stream Point); rpc Put(stream Point) returns (Other); }
"""
OTHER = 'syntax = "proto2";\npackage test;\nmessage Other { required string s = 1; optional int32 n = 2 [default = 7]; extensions 100 to 199; }\nextend Other { optional string more = 100; }\n'
include = os.path.join(os.path.dirname(protoc.__file__), "_proto")
with tempfile.TemporaryDirectory() as directory:

    def run(*arguments):
        return protoc.main(["protoc", f"-I{directory}", f"-I{include}", *arguments])

    for name, text in (("a.proto", PROTO), ("other.proto", OTHER)):
        with open(os.path.join(directory, name), "w") as f:
            f.write(text)
    print(
        run(
            f"--python_out={directory}",
            f"--pyi_out={directory}",
            f"--grpc_python_out={directory}",
            "a.proto",
            "other.proto",
        )
    )
    print(sorted(os.listdir(directory)))
    descriptors = os.path.join(directory, "d.pb")
    print(
        run(
            f"--descriptor_set_out={descriptors}",
            "--include_imports",
            "--include_source_info",
            "a.proto",
        )
    )
    print(
        os.path.getsize(descriptors) > 500,
        "class Point" in open(os.path.join(directory, "a_pb2.pyi")).read(),
    )
    print("def Get" in open(os.path.join(directory, "a_pb2_grpc.py")).read())
    sys.path.insert(0, directory)
    module, other = importlib.import_module("a_pb2"), importlib.import_module("other_pb2")
    p = module.Point(x=5, y=-3, values=[1.5, 2], name="täg", colour=5)
    p.others["k"].s = "v"
    p.inner.b = True
    p.others["k"].Extensions[other.more] = "ext"
    back = module.Point.FromString(p.SerializeToString())
    print(
        back == p,
        back.WhichOneof("kind"),
        back.others["k"].n,
        back.others["k"].Extensions[other.more],
        [f.name for f in module.Point.DESCRIPTOR.fields],
    )
    from google.protobuf import descriptor_pb2

    with open(descriptors, "rb") as f:
        found = descriptor_pb2.FileDescriptorSet.FromString(f.read())
    print(
        [f.name for f in found.file],
        found.file[-1].service[0].method[0].server_streaming,
        len(found.file[-1].source_code_info.location) > 20,
    )
    for i, text in enumerate(
        (
            "garbage",
            'syntax = "proto3"; message A { int32 x = 1; int32 y = 1; }',
            'syntax = "proto3"; message A { None n = 1; }',
            'syntax = "proto3"; import "none.proto";',
            'syntax = "proto3"; enum E { A = 1; }',
            'syntax = "proto3"; message A { required int32 x = 1; }',
            "",
        )
    ):
        with open(os.path.join(directory, f"bad{i}.proto"), "w") as f:
            f.write(text)
        print(i, run(f"--python_out={directory}", f"bad{i}.proto"))
    print(
        run("--no_such_option"),
        run(f"--python_out={directory}", "missing.proto"),
        run("--python_out=/no/such", "a.proto"),
    )
    for _ in range(5):
        run(f"--python_out={directory}", "a.proto")
