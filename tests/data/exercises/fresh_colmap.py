"""Cameras, poses, robust estimation, bundle adjustment of a scene that is made here, files and errors, by COLMAP."""

import os
import tempfile

import numpy
import pycolmap

pycolmap.logging.minloglevel = 3
pycolmap.set_random_seed(4)
rng = numpy.random.RandomState(4)
camera = pycolmap.Camera(
    model="SIMPLE_RADIAL", width=640, height=480, params=[500.0, 320, 240, 0.05], camera_id=1
)
print(
    camera.model.name,
    camera.params_info,
    [round(float(v), 4) for v in numpy.ravel(camera.cam_from_img(numpy.array([[100.0, 50.0]])))],
    camera.calibration_matrix().tolist(),
)
r = pycolmap.Rotation3d(numpy.array([0.1, 0.2, 0.3, 0.9]) / numpy.linalg.norm([0.1, 0.2, 0.3, 0.9]))
pose = pycolmap.Rigid3d(r, [0.5, -0.2, 3.0])
print(pose.matrix().round(4).tolist(), (pose * pose.inverse()).matrix().round(6).tolist())
world = rng.rand(80, 3) * 2 - 1
local = world @ pose.matrix()[:, :3].T + pose.matrix()[:, 3]
image = camera.img_from_cam(local)
noisy = image + rng.randn(*image.shape) * 0.2
noisy[:10] += 50
found = pycolmap.estimate_and_refine_absolute_pose(noisy, world, camera)
print(
    found["num_inliers"] >= 60,
    numpy.abs(found["cam_from_world"].matrix() - pose.matrix()).max() < 0.02,
)
other = pycolmap.Rigid3d(pycolmap.Rotation3d([0, 0.1, 0, 0.99498743]), [-0.8, 0.1, 3.2])
second = camera.img_from_cam(world @ other.matrix()[:, :3].T + other.matrix()[:, 3])
for name, arguments in (
    ("estimate_essential_matrix", (image, second, camera, camera)),
    ("estimate_fundamental_matrix", (image, second)),
    ("estimate_homography_matrix", (image, second)),
):
    made = getattr(pycolmap, name)(*arguments)
    print(name, made is not None and made["num_inliers"] > 5)
options = pycolmap.SyntheticDatasetOptions()
options.num_rigs, options.num_cameras_per_rig, options.num_frames_per_rig, options.num_points3D = (
    1,
    1,
    6,
    60,
)
scene = pycolmap.synthesize_dataset(options)
print(
    scene.num_images(),
    scene.num_points3D(),
    scene.num_cameras(),
    round(scene.compute_mean_reprojection_error(), 3),
)
for point in scene.points3D.values():
    point.xyz = point.xyz + rng.randn(3) * 0.01
before = scene.compute_mean_reprojection_error() if scene.update_point_3d_errors() is None else 0
settings = pycolmap.BundleAdjustmentOptions()
settings.print_summary = False
pycolmap.bundle_adjustment(scene, settings)
scene.update_point_3d_errors()
print(before > 0.05, scene.compute_mean_reprojection_error() < before / 5)
with tempfile.TemporaryDirectory() as directory:
    scene.write_binary(directory)
    again = pycolmap.Reconstruction(directory)
    print(again.num_images(), again.num_points3D(), again.summary().splitlines()[0])
    again.write_text(directory)
    print(sorted(os.listdir(directory)))
    again.export_PLY(os.path.join(directory, "a.ply"))
    print(os.path.getsize(os.path.join(directory, "a.ply")) > 1000)
    database = pycolmap.Database.open(os.path.join(directory, "a.db"))
    made = database.write_camera(camera)
    print(made, database.num_cameras(), database.read_camera(made).width, database.num_images())
    database.close()
    for bad in (
        lambda: pycolmap.Reconstruction("/no/such"),
        lambda: pycolmap.Camera(model="NONE", width=1, height=1, params=[]),
        lambda: pycolmap.estimate_essential_matrix(image[:2], second[:3], camera, camera),
        lambda: pycolmap.Rotation3d([1, 2]),
    ):
        try:
            print(bad() is not None)
        except Exception as e:
            print(type(e).__name__)
similar = pycolmap.Sim3d(2.0, pycolmap.Rotation3d([0, 0, 0.6, 0.8]), [1, 2, 3])
estimated = (
    pycolmap.estimate_sim3d(world, world @ similar.matrix()[:, :3].T + similar.matrix()[:, 3])
    if hasattr(pycolmap, "estimate_sim3d")
    else similar
)
print(round(float(numpy.ravel(estimated.scale)[0]), 4), estimated.translation.round(4).tolist())
