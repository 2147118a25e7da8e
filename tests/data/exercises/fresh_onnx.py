"""Models built, checked, their shapes inferred, parsed from text, converted, and wrong ones, by ONNX."""

import onnx
import onnx.parser
import onnx.printer
import onnx.shape_inference
import onnx.version_converter
from onnx import TensorProto, checker, defs, helper

x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [2, 3])
y = helper.make_tensor_value_info("y", TensorProto.FLOAT, [4, None])
weights = helper.make_tensor("w", TensorProto.FLOAT, [3, 4], [float(i) for i in range(12)])
nodes = [
    helper.make_node("MatMul", ["x", "w"], ["a"]),
    helper.make_node("Relu", ["a"], ["b"]),
    helper.make_node("Transpose", ["b"], ["c"], perm=[1, 0]),
    helper.make_node("Concat", ["c", "c"], ["y"], axis=1),
]
graph = helper.make_graph(nodes, "g", [x], [y], [weights])
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=7)
checker.check_model(model)
inferred = onnx.shape_inference.infer_shapes(model, strict_mode=True, data_prop=True)
for value in (*inferred.graph.value_info, *inferred.graph.output):
    print(value.name, [d.dim_value for d in value.type.tensor_type.shape.dim])
converted = onnx.version_converter.convert_version(model, 15)
print(converted.opset_import[0].version, [n.op_type for n in converted.graph.node])
print(onnx.load_from_string(model.SerializeToString()) == model)
text = """
<ir_version: 7, opset_import: [ "" : 13 ]>
agraph (float[N, 128] X, float[128, 10] W, float[10] B) => (float[N, 10] C)
{ T = MatMul(X, W) S = Add(T, B) C = Softmax<axis=1>(S) }
"""
parsed = onnx.parser.parse_model(text)
checker.check_model(parsed)
print([n.op_type for n in parsed.graph.node], "MatMul" in onnx.printer.to_text(parsed))
print([v.name for v in onnx.shape_inference.infer_shapes(parsed).graph.value_info])
schema = defs.get_schema("Conv", 11)
print(schema.name, schema.since_version, sorted(schema.attributes), [i.name for i in schema.inputs])
print(defs.has("Relu"), defs.has("NoSuchOp"), schema.min_input, schema.max_input)
print(len(defs.get_all_schemas_with_history()) > 400)
for bad in (
    lambda: checker.check_node(helper.make_node("NoSuchOp", ["x"], ["y"])),
    lambda: checker.check_model(helper.make_model(helper.make_graph(nodes[::-1], "g", [x], [y]))),
    lambda: onnx.parser.parse_model("garbage {"),
    lambda: onnx.shape_inference.infer_shapes(
        helper.make_model(
            helper.make_graph([helper.make_node("MatMul", ["x", "x"], ["y"])], "g", [x], [y])
        ),
        strict_mode=True,
    ),
    lambda: onnx.version_converter.convert_version(model, 999),
    lambda: defs.get_schema("NoSuchOp"),
    lambda: checker.check_tensor(TensorProto()),
):
    try:
        bad()
        print("accepted")
    except Exception as e:
        print(type(e).__name__)
