"""Calls of every kind where there is no platform: contexts, properties, formats, errors, handles, threads, by an OpenCL loader."""

import gc
import os
import tempfile
import threading

import pyopencl as cl


def tried(call):
    try:
        return call()
    except Exception as e:
        code = getattr(e, "code", None)
        return type(e).__name__, code and cl.status_code.to_string(code), getattr(e, "routine", "")


kinds = ("DEFAULT", "CPU", "GPU", "ACCELERATOR", "CUSTOM", "ALL")
P = cl.context_properties
for kind in kinds:
    for properties in (
        None,
        [],
        [(P.PLATFORM, 0)],
        [(P.PLATFORM, 0), (P.PLATFORM, 0)],
        [(99999, 5)],
        [1],
        "x",
    ):
        print(
            kind,
            properties and len(properties),
            tried(
                lambda kind=kind, properties=properties: cl.Context(
                    dev_type=getattr(cl.device_type, kind), properties=properties
                )
            ),
        )
for name in (
    "Platform",
    "Device",
    "Context",
    "CommandQueue",
    "Buffer",
    "Image",
    "Sampler",
    "Program",
    "Kernel",
    "Event",
    "UserEvent",
    "Pipe",
    "NannyEvent",
):
    one = getattr(cl, name, None)
    print(
        name,
        one is not None,
        one and tried(lambda one=one: one()),
        one and tried(lambda one=one: one(None)),
    )
for vendors in ("", "/no/such", tempfile.mkdtemp()):
    os.environ["OCL_ICD_VENDORS"] = vendors
    print(
        bool(vendors),
        tried(cl.get_platforms),
        tried(lambda: cl.create_some_context(interactive=False)),
        tried(lambda: cl.tools.get_test_platforms_and_devices()) if hasattr(cl, "tools") else "",
    )
for order in ("R", "A", "RG", "RA", "RGB", "RGBA", "BGRA", "ARGB", "INTENSITY", "LUMINANCE"):
    for kind in (
        "SNORM_INT8",
        "UNORM_INT16",
        "UNORM_SHORT_565",
        "UNORM_INT_101010",
        "SIGNED_INT32",
        "HALF_FLOAT",
        "FLOAT",
    ):
        f = tried(
            lambda order=order, kind=kind: cl.ImageFormat(
                getattr(cl.channel_order, order), getattr(cl.channel_type, kind)
            )
        )
        print(order, kind, tried(lambda f=f: (f.itemsize, f.channel_count, f.dtype_size)))
for call in (
    lambda: cl.wait_for_events([None]),
    lambda: cl.wait_for_events(5),
    lambda: cl.enqueue_barrier(None),
    lambda: cl.enqueue_copy(None, None, None),
    lambda: cl.Program(None, "x").build(),
    lambda: cl.create_program_with_built_in_kernels(None, None, ""),
    lambda: cl.link_program(None, []),
    lambda: cl.get_supported_image_formats(None, 0, 0),
    lambda: cl.choose_devices(False),
    lambda: cl.choose_devices(False, ["0"]),
    lambda: cl.create_some_context(False, ["0:0"]),
    lambda: cl.SVM(None),
    lambda: cl.image_from_array(None, None),
    lambda: len(cl.status_code.__dict__) > 50,
    lambda: cl.Event.from_int_ptr("x"),
    lambda: cl.get_cl_header_version(),
    lambda: cl.have_gl(),
):
    print(tried(call), tried(call) == tried(call))
found = [[] for _ in range(6)]


def work(i):
    for _ in range(50):
        found[i] = [tried(cl.get_platforms), tried(lambda: cl.Context(dev_type=cl.device_type.ALL))]


threads = [threading.Thread(target=work, args=(i,)) for i in range(6)]
for t in threads:
    t.start()
for t in threads:
    t.join()
print(all(f == found[0] for f in found), found[0])
gc.collect()
print("end")
