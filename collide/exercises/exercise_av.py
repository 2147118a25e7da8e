# packages: av
"""FFmpeg and its codecs: what is encoded is decoded again."""

import av
import numpy

for container, codec in (
    ("mp4", "libx264"),
    ("webm", "libvpx-vp9"),
    ("mkv", "libsvtav1"),
    ("mkv", "ffv1"),
):
    name = f"x-{codec}.{container}"
    try:
        with av.open(name, "w") as output:
            stream = output.add_stream(codec, rate=10)
            stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p"
            for number in range(10):
                picture = numpy.full((64, 64, 3), number * 20, numpy.uint8)
                output.mux(stream.encode(av.VideoFrame.from_ndarray(picture, "rgb24")))
            output.mux(stream.encode())
        with av.open(name) as again:
            frames = list(again.decode(video=0))
        print(
            codec,
            len(frames),
            frames[5].width,
            abs(int(frames[5].to_ndarray(format="rgb24").mean()) - 100) < 9,
        )
    except (av.error.FFmpegError, ValueError) as e:
        print(codec, type(e).__name__)
