"""Strategies of several telescopes, images, flags, statistics and errors, by AOFlagger."""

import aoflagger
import numpy as np

f = aoflagger.AOFlagger()
rng = np.random.default_rng(4)
for telescope in ("Generic", "LOFAR", "MWA", "WSRT", "Parkes"):
    path = f.find_strategy_file(getattr(aoflagger.TelescopeId, telescope))
    data = f.make_image_set(60, 80, 8)
    for i in range(8):
        values = rng.normal(0, 1, (80, 60)).astype("f4")
        values[30:33] += 40
        values[:, 12] += 60
        data.set_image_buffer(i, values)
    try:
        flags = f.load_strategy_file(path).run(data)
        buffer = flags.get_buffer()
        print(
            telescope,
            path.rpartition("/")[2],
            flags.width(),
            flags.height(),
            int(buffer.sum()),
            buffer[31].all(),
            buffer[:, 12].all(),
            buffer[5, 40],
        )
    except Exception as e:
        print(telescope, type(e).__name__)
mask = f.make_flag_mask(60, 80, True)
mask.set_buffer(np.eye(80, 60).astype(bool))
print(
    int(mask.get_buffer().sum()),
    mask.horizontal_stride() >= 60,
    data.image_count(),
    data.horizontal_stride() >= 60,
    data.get_image_buffer(0).shape,
)
times, channels = np.arange(60.0), np.linspace(1e8, 2e8, 80)
q = f.make_quality_statistics(times, channels, 4, True)
q.collect_statistics(data, mask, mask, 0, 1)
q += q
print(type(q).__name__)
data.resize_without_reallocation(30)
print(data.width(), data.height())
for bad in (
    lambda: f.load_strategy_file("/no.lua"),
    lambda: f.make_image_set(0, 0, 99),
    lambda: data.set_image_buffer(99, values),
    lambda: data.set_image_buffer(0, values[:3]),
    lambda: data.get_image_buffer(-1),
    lambda: f.make_quality_statistics(times, channels, 9, False),
):
    try:
        print(type(bad()).__name__)
    except Exception as e:
        print(type(e).__name__)
