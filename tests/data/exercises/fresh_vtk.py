"""Sources, filters, arrays, files, pipelines with observers, transforms, images and errors, by VTK."""

import os
import tempfile

from vtkmodules import vtkCommonCore as core
from vtkmodules import vtkCommonDataModel as data
from vtkmodules import (
    vtkCommonExecutionModel,  # noqa: F401
    vtkCommonTransforms,
    vtkFiltersCore,
    vtkFiltersGeneral,
    vtkFiltersSources,
    vtkImagingCore,
    vtkImagingSources,
    vtkIOLegacy,
    vtkIOXML,
)

core.vtkObject.GlobalWarningDisplayOff()
sphere = vtkFiltersSources.vtkSphereSource()
sphere.SetThetaResolution(24)
sphere.SetPhiResolution(16)
seen = []
sphere.AddObserver("EndEvent", lambda caller, event: seen.append(event))
sphere.Update()
mesh = sphere.GetOutput()
print(
    mesh.GetNumberOfPoints(),
    mesh.GetNumberOfCells(),
    [round(v, 4) for v in mesh.GetBounds()],
    seen,
    mesh.GetClassName(),
)
for source in (
    vtkFiltersSources.vtkCubeSource(),
    vtkFiltersSources.vtkConeSource(),
    vtkFiltersSources.vtkPlaneSource(),
    vtkFiltersSources.vtkCylinderSource(),
):
    normals = vtkFiltersCore.vtkPolyDataNormals()
    normals.SetInputConnection(source.GetOutputPort())
    triangles = vtkFiltersCore.vtkTriangleFilter()
    triangles.SetInputConnection(normals.GetOutputPort())
    mass = vtkFiltersCore.vtkMassProperties()
    mass.SetInputConnection(triangles.GetOutputPort())
    mass.Update()
    print(
        source.GetClassName(),
        round(mass.GetSurfaceArea(), 3),
        triangles.GetOutput().GetNumberOfCells(),
    )
append, clean = vtkFiltersCore.vtkAppendPolyData(), vtkFiltersCore.vtkCleanPolyData()
for i in range(3):
    transform = vtkCommonTransforms.vtkTransform()
    transform.Translate(i * 2, 0, 0)
    transform.RotateZ(30 * i)
    moved = vtkFiltersGeneral.vtkTransformPolyDataFilter()
    moved.SetTransform(transform)
    moved.SetInputData(mesh)
    append.AddInputConnection(moved.GetOutputPort())
clean.SetInputConnection(append.GetOutputPort())
clean.Update()
print(clean.GetOutput().GetNumberOfPoints(), [round(v, 3) for v in clean.GetOutput().GetCenter()])
parts = (
    vtkFiltersCore.vtkConnectivityFilter()
    if hasattr(vtkFiltersCore, "vtkConnectivityFilter")
    else None
)
if parts:
    parts.SetExtractionModeToAllRegions()
    parts.SetInputConnection(clean.GetOutputPort())
    parts.Update()
    print(parts.GetNumberOfExtractedRegions())
array = core.vtkDoubleArray()
array.SetName("täg")
array.SetNumberOfComponents(3)
for i in range(10):
    array.InsertNextTuple3(i, i * 2, i * 3)
print(
    array.GetNumberOfTuples(),
    array.GetTuple(4),
    array.GetRange(1),
    array.GetDataSize(),
    array.GetName(),
)
wave = (
    vtkImagingSources.vtkImageSinusoidSource()
    if hasattr(vtkImagingSources, "vtkImageSinusoidSource")
    else None
)
wave.SetWholeExtent(0, 19, 0, 19, 0, 19)
wave.Update()
image = wave.GetOutput()
print(
    image.GetDimensions(),
    image.GetScalarTypeAsString(),
    [round(v, 2) for v in image.GetScalarRange()],
)
contour = vtkFiltersCore.vtkContourFilter()
contour.SetInputData(image)
contour.SetValue(0, 100.0)
contour.Update()
print(contour.GetOutput().GetNumberOfCells() > 50)
extracted = vtkImagingCore.vtkExtractVOI()
extracted.SetInputData(image)
extracted.SetVOI(2, 8, 2, 8, 5, 5)
extracted.Update()
print(extracted.GetOutput().GetDimensions(), extracted.GetOutput().GetNumberOfPoints())
grid = data.vtkUnstructuredGrid()
points = core.vtkPoints()
for p in ((0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 1, 1)):
    points.InsertNextPoint(*p)
grid.SetPoints(points)
grid.InsertNextCell(data.VTK_TETRA, 4, [0, 1, 2, 3])
grid.InsertNextCell(data.VTK_TETRA, 4, [1, 2, 3, 4])
scalars = core.vtkFloatArray()
scalars.SetName("s")
for i in range(5):
    scalars.InsertNextValue(i / 2)
grid.GetPointData().SetScalars(scalars)
cell = grid.GetCell(1)
print(
    grid.GetNumberOfCells(),
    cell.GetClassName(),
    cell.GetNumberOfFaces(),
    grid.FindCell([0.1, 0.1, 0.1], None, 0, 1e-6, core.mutable(0), [0, 0, 0], [0] * 4),
)
locator = data.vtkPointLocator()
locator.SetDataSet(grid)
locator.BuildLocator()
print(locator.FindClosestPoint(0.9, 0.9, 0.9), locator.FindClosestPoint(0, 0.1, 0))
with tempfile.TemporaryDirectory() as directory:
    for writer, reader, name, thing in (
        (vtkIOXML.vtkXMLPolyDataWriter, vtkIOXML.vtkXMLPolyDataReader, "a.vtp", mesh),
        (
            vtkIOXML.vtkXMLUnstructuredGridWriter,
            vtkIOXML.vtkXMLUnstructuredGridReader,
            "a.vtu",
            grid,
        ),
        (vtkIOXML.vtkXMLImageDataWriter, vtkIOXML.vtkXMLImageDataReader, "a.vti", image),
        (vtkIOLegacy.vtkPolyDataWriter, vtkIOLegacy.vtkPolyDataReader, "a.vtk", mesh),
        (
            vtkIOLegacy.vtkUnstructuredGridWriter,
            vtkIOLegacy.vtkUnstructuredGridReader,
            "b.vtk",
            grid,
        ),
    ):
        w, r = writer(), reader()
        path = os.path.join(directory, name)
        w.SetFileName(path)
        w.SetInputData(thing)
        print(w.Write(), os.path.getsize(path) > 200)
        r.SetFileName(path)
        r.Update()
        print(
            name,
            r.GetOutput().GetNumberOfPoints() == thing.GetNumberOfPoints(),
            [round(v, 3) for v in r.GetOutput().GetBounds()],
        )
    with open(path, "w") as f:
        f.write("garbage")
    r = vtkIOLegacy.vtkPolyDataReader()
    r.SetFileName(path)
    r.Update()
    print(r.GetOutput().GetNumberOfPoints())
for bad in (
    lambda: sphere.SetRadius("x"),
    lambda: core.vtkPoints().InsertNextPoint(1),
    lambda: mesh.GetPoint("a"),
):
    try:
        print(bad())
    except Exception as e:
        print(type(e).__name__)
made = [vtkFiltersSources.vtkSphereSource() for _ in range(50)]
for m in made:
    m.Update()
print(sum(m.GetOutput().GetNumberOfPoints() for m in made))
