"""All codecs with options, videos, decompositions, features, networks, threads and errors of OpenCV."""

import cv2
import numpy

rng = numpy.random.RandomState(2)
image = cv2.GaussianBlur((rng.rand(96, 128, 3) * 255).astype(numpy.uint8), (9, 9), 3)
for form, options in (
    (".png", [cv2.IMWRITE_PNG_COMPRESSION, 9]),
    (".jpg", [cv2.IMWRITE_JPEG_QUALITY, 80, cv2.IMWRITE_JPEG_PROGRESSIVE, 1]),
    (".jpg", [cv2.IMWRITE_JPEG_OPTIMIZE, 1]),
    (".webp", [cv2.IMWRITE_WEBP_QUALITY, 101]),
    (".webp", [cv2.IMWRITE_WEBP_QUALITY, 50]),
    (".tiff", [cv2.IMWRITE_TIFF_COMPRESSION, 5]),
    (".tiff", [cv2.IMWRITE_TIFF_COMPRESSION, 32946]),
    (".jp2", [cv2.IMWRITE_JPEG2000_COMPRESSION_X1000, 500]),
    (".avif", [cv2.IMWRITE_AVIF_QUALITY, 60]),
    (".bmp", []),
    (".ppm", []),
    (".hdr", []),
    (".exr", []),
    (".gif", []),
    (".jxl", []),
):
    for kind in (
        image,
        image[:, :, 0].copy(),
        (image.astype(numpy.uint16) * 200),
        (image / 255).astype(numpy.float32),
    ):
        try:
            done, data = cv2.imencode(form, kind, options)
            again = cv2.imdecode(data, cv2.IMREAD_UNCHANGED) if done else None
            half = cv2.imdecode(data[: len(data) // 2], cv2.IMREAD_COLOR) if done else None
            print(
                form,
                kind.dtype,
                kind.ndim,
                done,
                None if again is None else (again.shape, str(again.dtype)),
                half is None,
            )
        except cv2.error as e:
            print(form, kind.dtype, e.code)
cv2.imwritemulti("m.tiff", [image, image[::-1].copy()])
print(len(cv2.imreadmulti("m.tiff")[1]), cv2.imcount("m.tiff"))
a = rng.rand(60, 60)
print(
    cv2.determinant(a / 3).__round__(6),
    numpy.allclose(cv2.invert(a)[1] @ a, numpy.eye(60)),
    cv2.SVDecomp(a)[0][:2].round(4).ravel().tolist(),
    cv2.eigen(a @ a.T)[1][0].round(3).tolist(),
)
print(
    numpy.allclose(cv2.idft(cv2.dft(a), flags=cv2.DFT_SCALE), a),
    cv2.gemm(a, a, 1, None, 0)[0, 0].__round__(6),
    cv2.PCACompute(a, None, maxComponents=2)[1].shape,
)
gray = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
print(
    cv2.Canny(gray, 50, 100).sum() > 0,
    cv2.equalizeHist(gray).mean().round(1),
    cv2.resize(gray, (31, 17), interpolation=cv2.INTER_LANCZOS4).shape,
    cv2.threshold(gray, 0, 255, cv2.THRESH_OTSU)[0],
)
for maker in (
    "ORB_create",
    "SIFT_create",
    "AKAZE_create",
    "BRISK_create",
    "MSER_create",
    "FastFeatureDetector_create",
):
    try:
        print(maker, len(getattr(cv2, maker)().detect(gray, None)) >= 0)
    except (AttributeError, cv2.error) as e:
        print(maker, type(e).__name__)
storage = cv2.FileStorage("x.yml.gz", cv2.FileStorage_WRITE)
storage.write("m", a)
storage.release()
storage = cv2.FileStorage("x.yml.gz", cv2.FileStorage_READ)
print(numpy.allclose(storage.getNode("m").mat(), a))
storage.release()
for name, code in (("v.avi", "MJPG"), ("v.mp4", "mp4v"), ("v.webm", "VP80")):
    writer = cv2.VideoWriter(name, cv2.VideoWriter_fourcc(*code), 10, (128, 96))
    for _ in range(5):
        writer.write(image)
    opened = writer.isOpened()
    writer.release()
    reader, count = cv2.VideoCapture(name), 0
    while reader.read()[0]:
        count += 1
    print(name, opened, count)
for threads in (1, 4):
    cv2.setNumThreads(threads)
    print(
        cv2.filter2D(image, -1, numpy.ones((7, 7)) / 49).mean().round(2),
        cv2.medianBlur(image, 5).mean().round(2),
    )
qr = cv2.QRCodeEncoder_create().encode("text") if hasattr(cv2, "QRCodeEncoder_create") else None
print(
    qr is not None
    and cv2.QRCodeDetector().detectAndDecode(
        cv2.resize(
            cv2.copyMakeBorder(qr, 4, 4, 4, 4, cv2.BORDER_CONSTANT, value=255),
            None,
            fx=8,
            fy=8,
            interpolation=cv2.INTER_NEAREST,
        )
    )[0]
)
cicp = numpy.array([9, 16, 0, 1], dtype=numpy.uint8)
done, data = cv2.imencodeWithMetadata(".png", image, [cv2.IMAGE_METADATA_CICP], [cicp])
again, kinds, metadata = cv2.imdecodeWithMetadata(data, cv2.IMREAD_COLOR)
print(done, b"cICP" in data.tobytes(), [int(kind) for kind in kinds])
print(numpy.array_equal(again, image), [numpy.asarray(one).ravel().tolist() for one in metadata])
