"""Trees built, loaded, stored, predicted with OpenMP threads, and errors of Treelite."""

import os
import tempfile

import numpy
import treelite
from treelite.model_builder import Metadata, ModelBuilder, PostProcessorFunc, TreeAnnotation

rng = numpy.random.default_rng(3)
for kind in ("float32", "float64"):
    for trees in (1, 30):
        b = ModelBuilder(
            threshold_type=kind,
            leaf_output_type=kind,
            metadata=Metadata(
                num_feature=5,
                task_type="kRegressor",
                average_tree_output=False,
                num_target=1,
                num_class=[1],
                leaf_vector_shape=(1, 1),
            ),
            tree_annotation=TreeAnnotation(
                num_tree=trees, target_id=[0] * trees, class_id=[0] * trees
            ),
            postprocessor=PostProcessorFunc(name="identity"),
            base_scores=[0.5],
        )
        for t in range(trees):
            b.start_tree()
            for node in range(7):
                b.start_node(node)
                if node < 3:
                    b.numerical_test(
                        feature_id=(t + node) % 5,
                        threshold=0.1 * node + 0.01 * t,
                        default_left=bool(node % 2),
                        opname="<",
                        left_child_key=2 * node + 1,
                        right_child_key=2 * node + 2,
                    )
                else:
                    b.leaf(node * 0.25 + t)
                b.end_node()
            b.end_tree()
        m = b.commit()
        x = rng.uniform(-1, 1, (2000, 5)).astype(kind)
        x[::7, 2] = numpy.nan
        print(kind, trees, m.num_tree, m.num_feature, m.input_type, m.get_tree_depth().tolist()[:3])
        for threads in (1, 2):
            p = treelite.gtil.predict(m, x, nthread=threads)
            print(threads, p.shape, round(float(p.sum()), 2))
        print(
            treelite.gtil.predict_leaf(m, x[:5]).tolist()[0][:3],
            treelite.gtil.predict_per_tree(m, x[:5]).shape,
        )
        path = os.path.join(tempfile.mkdtemp(), "m")
        m.serialize(path)
        again = treelite.Model.deserialize(path)
        print(
            round(float(treelite.gtil.predict(again, x).sum()), 2),
            treelite.Model.deserialize_bytes(m.serialize_bytes()).num_tree,
            len(m.dump_as_json()) > 100,
            treelite.Model.concatenate([m, again]).num_tree,
        )
lgb = "tree\nversion=v4\nnum_class=1\nnum_tree_per_iteration=1\nlabel_index=0\nmax_feature_idx=1\nobjective=regression\nfeature_names=a b\nfeature_infos=none none\ntree_sizes=300\n\nTree=0\nnum_leaves=2\nnum_cat=0\nsplit_feature=0\nsplit_gain=1\nthreshold=0.5\ndecision_type=2\nleft_child=-1\nright_child=-2\nleaf_value=1 2\nleaf_weight=1 1\nleaf_count=1 1\ninternal_value=0\ninternal_weight=0\ninternal_count=2\nis_linear=0\nshrinkage=1\n\n\nend of trees\n"
for bad in (
    lambda: treelite.gtil.predict(treelite.frontend.from_lightgbm_json(lgb), numpy.zeros((1, 2))),
    lambda: treelite.frontend.load_xgboost_model("/nowhere.json"),
    lambda: treelite.frontend.from_xgboost_json("{}"),
    lambda: treelite.Model.deserialize_bytes(b"garbage" * 9),
    lambda: treelite.gtil.predict(m, numpy.zeros((2, 50))),
    lambda: treelite.frontend.load_lightgbm_model(path),
):
    try:
        print(bad() is None)
    except Exception as e:
        print(type(e).__name__)
