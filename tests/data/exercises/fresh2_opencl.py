"""Platforms where there are none, contexts, errors and constants, by an OpenCL loader."""

import pyopencl as cl

for call in (
    lambda: cl.get_platforms(),
    lambda: cl.Context(dev_type=cl.device_type.ALL),
    lambda: cl.create_some_context(False),
    lambda: cl.Context([]),
    lambda: cl.Platform.from_int_ptr(0),
    lambda: cl.unload_platform_compiler(None),
    lambda: cl.wait_for_events([]),
    lambda: cl.get_cl_header_version(),
    lambda: cl.ImageFormat(cl.channel_order.RGBA, cl.channel_type.UNORM_INT8).itemsize,
    lambda: cl.Context(properties=[(cl.context_properties.PLATFORM, 0)]),
):
    for _ in range(2):
        try:
            print(call())
        except Exception as e:
            print(
                type(e).__name__,
                getattr(e, "code", None) and cl.status_code.to_string(e.code),
                getattr(e, "routine", ""),
            )
