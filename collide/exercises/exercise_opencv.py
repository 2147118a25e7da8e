# packages: opencv-python, opencv-python-headless
"""The image codecs and OpenBLAS of OpenCV."""

import cv2
import numpy

image = numpy.zeros((64, 64, 3), numpy.uint8)
cv2.circle(image, (32, 32), 20, (10, 200, 100), -1)
for form in (".png", ".jpg", ".webp", ".tiff", ".jp2", ".avif", ".bmp"):
    try:
        done, data = cv2.imencode(form, image)
        again = cv2.imdecode(data, cv2.IMREAD_COLOR) if done else None
    except cv2.error as e:
        print(form, e.code)
        continue
    close = again is not None and abs(int(again[32, 32, 1]) - 200) < 12
    print(form, done, None if again is None else again.shape, close)
print(
    cv2.GaussianBlur(image, (5, 5), 1)[20, 20].tolist(),
    cv2.solve(numpy.eye(3), numpy.ones((3, 1)))[0],
)
print(
    len(cv2.ORB_create().detect(image, None)) >= 0, cv2.dct(numpy.ones((4, 4))).round(3)[0].tolist()
)
