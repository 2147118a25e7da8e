"""Configurations, transforms, processors, looks, baked tables and errors, by OpenColorIO."""

import numpy
import PyOpenColorIO as ocio

config = ocio.Config.CreateRaw()
config = ocio.Config()
config.setSearchPath("luts")
for name, slope, family in (
    ("lin", (1, 1, 1), "scene"),
    ("half", (0.5, 0.5, 0.5), "scene"),
    ("red", (2, 0.1, 0.1), "other"),
):
    space = ocio.ColorSpace(
        name=name, family=family, isData=False, bitDepth=ocio.BIT_DEPTH_F32, encoding="scene-linear"
    )
    space.setTransform(
        ocio.CDLTransform(
            slope=list(map(float, slope)), offset=[0.01, 0, 0], power=[1, 1, 1.2], sat=0.9
        ),
        ocio.COLORSPACE_DIR_TO_REFERENCE,
    )
    config.addColorSpace(space)
config.setRole("default", "lin")
config.setRole("scene_linear", "lin")
config.addLook(
    ocio.Look(
        name="warm", processSpace="lin", transform=ocio.MatrixTransform.Scale([1.1, 1.0, 0.9, 1.0])
    )
)
config.addDisplayView("screen", "plain", "half", "warm")
config.setActiveDisplays("screen")
config.validate()
text = config.serialize()
back = ocio.Config.CreateFromStream(text)
print(
    [c.getName() for c in back.getColorSpaces()],
    list(back.getRoles()),
    list(back.getDisplays()),
    list(back.getViews("screen")),
)
print(
    back.getColorSpace("red").getFamily(),
    back.getLook("warm").getProcessSpace(),
    back.getMajorVersion(),
)
for source, target in (("lin", "half"), ("half", "red"), ("red", "lin"), ("lin", "lin")):
    cpu = back.getProcessor(source, target).getDefaultCPUProcessor()
    print(
        source,
        target,
        [round(v, 4) for v in cpu.applyRGB([0.2, 0.5, 0.8])],
        [round(v, 3) for v in cpu.applyRGBA([0.1, 0.2, 0.3, 0.5])],
        cpu.isNoOp(),
    )
    picture = numpy.linspace(0, 1, 300, dtype="f4").reshape(10, 10, 3)
    cpu.apply(ocio.PackedImageDesc(picture, 10, 10, 3)) if hasattr(
        ocio, "PackedImageDesc"
    ) else None
    print(round(float(picture.sum()), 2))
view = back.getProcessor(ocio.DisplayViewTransform(src="lin", display="screen", view="plain"))
print(
    [round(v, 4) for v in view.getDefaultCPUProcessor().applyRGB([0.2, 0.5, 0.8])],
    view.createGroupTransform().__len__() > 1,
)
group = ocio.GroupTransform()
group.appendTransform(ocio.ExponentTransform([2.2, 2.2, 2.2, 1.0]))
group.appendTransform(
    ocio.LogAffineTransform(
        logSideSlope=[0.3, 0.3, 0.3],
        logSideOffset=[0.5] * 3,
        linSideSlope=[1.0] * 3,
        linSideOffset=[0.1] * 3,
    )
)
group.appendTransform(
    ocio.RangeTransform(minInValue=0.0, minOutValue=0.0, maxInValue=0.9, maxOutValue=1.0)
)
group.appendTransform(ocio.ExposureContrastTransform(contrast=1.2, gamma=1.1))
for direction in (ocio.TRANSFORM_DIR_FORWARD, ocio.TRANSFORM_DIR_INVERSE):
    p = back.getProcessor(group, direction)
    print(
        [round(v, 3) for v in p.getDefaultCPUProcessor().applyRGB([0.2, 0.5, 0.8])],
        p.isNoOp(),
        p.hasChannelCrosstalk(),
    )
lut = ocio.Lut3DTransform(gridSize=9)
array = lut.getData() ** 2
lut.setData(array)
print(
    [round(v, 3) for v in back.getProcessor(lut).getDefaultCPUProcessor().applyRGB([0.2, 0.5, 0.8])]
)
one = ocio.Lut1DTransform(length=64, inputHalfDomain=False)
one.setData(one.getData() * 0.5)
print(
    [round(v, 3) for v in back.getProcessor(one).getDefaultCPUProcessor().applyRGB([0.2, 0.5, 0.8])]
)
baker = ocio.Baker(back, "iridas_cube", inputSpace="lin", targetSpace="half", cubeSize=4)
made = baker.bake()
print(made.count("\n") > 60, "LUT_3D_SIZE 4" in made, len(list(ocio.Baker.getFormats())) > 4)
print(ocio.BuiltinTransformRegistry().__len__() > 5, len(back.getCacheID()) > 5)
shader = ocio.GpuShaderDesc.CreateShaderDesc(language=ocio.GPU_LANGUAGE_GLSL_1_2)
view.getDefaultGPUProcessor().extractGpuShaderInfo(shader)
print("OCIOMain" in shader.getShaderText())
for bad in (
    lambda: back.getProcessor("none", "lin"),
    lambda: ocio.Config.CreateFromStream("garbage: ["),
    lambda: ocio.Config.CreateFromFile("/no/such"),
    lambda: back.getProcessor(ocio.FileTransform("none.cube")),
    lambda: ocio.Baker(back, "none").bake(),
    lambda: (
        ocio.MatrixTransform([0.0] * 16).validate()
        or back.getProcessor(ocio.MatrixTransform([0.0] * 16), ocio.TRANSFORM_DIR_INVERSE)
    ),
):
    try:
        print(type(bad()).__name__)
    except Exception as e:
        print(type(e).__name__)
