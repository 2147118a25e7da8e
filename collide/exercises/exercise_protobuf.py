# packages: protobuf
"""The upb of protobuf: messages that are described at run time."""

from google.protobuf import (
    descriptor_pb2,
    descriptor_pool,
    json_format,
    message_factory,
    struct_pb2,
)

file = descriptor_pb2.FileDescriptorProto(name="x.proto", package="x", syntax="proto3")
message = file.message_type.add(name="M")
message.field.add(name="n", number=1, type=5, label=1)
message.field.add(name="s", number=2, type=9, label=3)
pool = descriptor_pool.DescriptorPool()
pool.Add(file)
M = message_factory.GetMessageClass(pool.FindMessageTypeByName("x.M"))
made = M(n=-5, s=["one", "two"])
print(made.SerializeToString().hex(), json_format.MessageToJson(made, indent=None))
print(M.FromString(made.SerializeToString()) == made)
try:
    M.FromString(b"\xff")
except Exception as e:
    print(type(e).__name__)
value = struct_pb2.Struct()
value.update({"a": [1, {"b": None}]})
print(json_format.MessageToDict(value))
