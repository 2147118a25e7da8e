"""Rectangles, matrices, classifiers, detectors, trackers, optimizers and saved models, by dlib."""

import os
import tempfile

import dlib
import numpy

a, b = dlib.rectangle(0, 0, 9, 9), dlib.drectangle(1, 2, 5.5, 7)
print(a, a.area(), a.intersect(dlib.rectangle(5, 5, 20, 20)), b.center(), a.contains(3, 4))
v, m = dlib.vector([1, 2, 3]), dlib.matrix(3, 2)
m[0][1] = 5
print(v, m, v.resize(2), dlib.dot(dlib.vector([1, 2]), dlib.vector([3, 4])))
samples, labels = dlib.vectors(), dlib.array()
for i in range(40):
    samples.append(dlib.vector([i / 20 - 1, (i * 7 % 40) / 20 - 1]))
    labels.append(1 if i >= 20 else -1)
for trainer in (dlib.svm_c_trainer_linear(), dlib.svm_c_trainer_radial_basis()):
    trainer.set_c(10)
    decide = trainer.train(samples, labels)
    print(type(trainer).__name__, [decide(x) > 0 for x in samples][15:25])
    with tempfile.TemporaryDirectory() as directory:
        import pickle

        back = pickle.loads(pickle.dumps(decide))
        print(round(back(samples[3]) - decide(samples[3]), 6))
print(dlib.cross_validate_trainer(dlib.svm_c_trainer_linear(), samples, labels, 4))
picture = numpy.zeros((120, 120, 3), "u1")
picture[40:80, 30:70] = (200, 30, 60)
grey = dlib.as_grayscale(picture)
print(grey.shape, int(grey.sum()), dlib.resize_image(grey, 60, 60).shape)
print(dlib.gaussian_blur(grey, 2.0)[0].shape, int(dlib.threshold_image(grey).sum() > 0))
print(dlib.sobel_edge_detector(grey)[0].shape, dlib.label_connected_blobs(grey)[1])
print(len(dlib.get_frontal_face_detector()(picture)))
found = []
dlib.find_candidate_object_locations(picture, found, min_size=200)
print(len(found) > 0)
tracker = dlib.correlation_tracker()
tracker.start_track(grey, dlib.rectangle(30, 40, 70, 80))
tracker.update(numpy.roll(grey, 4, 1))
print(round(tracker.get_position().left() / 4))
best, value = dlib.find_min_global(lambda x, y: (x - 1) ** 2 + (y + 2) ** 2, [-5, -5], [5, 5], 60)
print([round(x) for x in best], round(value, 1))
print(dlib.max_cost_assignment(dlib.matrix([[1, 2, 6], [5, 3, 6], [4, 5, 0]])))
options = dlib.simple_object_detector_training_options()
options.C, options.num_threads, options.be_verbose = 5, 1, False
options.detection_window_size = 1600
detector = dlib.train_simple_object_detector(
    [picture, numpy.roll(picture, 10, 0)],
    [[dlib.rectangle(30, 40, 69, 79)], [dlib.rectangle(30, 50, 69, 89)]],
    options,
)
print(len(detector(picture)))
with tempfile.TemporaryDirectory() as directory:
    path = os.path.join(directory, "d.svm")
    detector.save(path)
    print(len(dlib.simple_object_detector(path)(picture)))
    dlib.save_image(picture, os.path.join(directory, "a.png"))
    print(int(dlib.load_rgb_image(os.path.join(directory, "a.png")).sum()) == int(picture.sum()))
for bad in (
    lambda: dlib.simple_object_detector("/no/such"),
    lambda: dlib.shape_predictor("/no/such"),
    lambda: dlib.load_rgb_image("/no/such.png"),
    lambda: v[10],
    lambda: dlib.dot(dlib.vector([1]), dlib.vector([1, 2])),
):
    try:
        print(bad())
    except Exception as e:
        print(type(e).__name__)
