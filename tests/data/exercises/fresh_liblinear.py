"""Linear classifiers and regressions of several solvers, with sparse data, by liblinear."""

import numpy
from scipy import sparse
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC, LinearSVR

rng = numpy.random.RandomState(0)
x = numpy.vstack([rng.randn(60, 5) + 2 * k for k in range(3)])
y = numpy.repeat([0, 1, 2], 60)
for make in (
    lambda: LinearSVC(loss="hinge", dual=True, random_state=1, max_iter=5000),
    lambda: LinearSVC(loss="squared_hinge", dual=True, random_state=1, max_iter=5000),
    lambda: LinearSVC(loss="squared_hinge", dual=False, tol=1e-6),
    lambda: LinearSVC(penalty="l1", dual=False, tol=1e-6, random_state=1),
    lambda: LinearSVC(multi_class="crammer_singer", random_state=1),
):
    for data in (x, sparse.csr_matrix(x)):
        model = make().fit(data, y)
        print(model.coef_.round(2).tolist(), model.score(data, y).__round__(2), model.classes_)
two = y < 2
for options in ({"dual": True}, {"dual": False}, {"l1_ratio": 1.0}, {"class_weight": {0: 5, 1: 1}}):
    model = LogisticRegression(solver="liblinear", tol=1e-7, random_state=2, **options)
    model.fit(x[two], y[two], sample_weight=numpy.linspace(0.5, 2, 120))
    print(options, model.coef_.round(2).tolist(), model.predict_proba(x[:3]).round(2).tolist())
for loss, dual in (
    ("epsilon_insensitive", True),
    ("squared_epsilon_insensitive", True),
    ("squared_epsilon_insensitive", False),
):
    model = LinearSVR(loss=loss, dual=dual, random_state=3, max_iter=20000, tol=1e-6, epsilon=0.1)
    model.fit(x, x @ [1, 2, 3, -1, 0.5] + 1)
    print(loss, dual, model.coef_.round(1).tolist(), model.intercept_.round(0).tolist())
for bad in (
    lambda: LinearSVC(penalty="l1", loss="hinge").fit(x, y),
    lambda: LinearSVC().fit(x, numpy.zeros(180)),
):
    try:
        bad()
    except Exception as e:
        print(type(e).__name__)
