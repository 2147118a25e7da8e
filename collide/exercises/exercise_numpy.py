# packages: numpy
"""OpenBLAS and the Fortran runtime: products, decompositions, transforms and random numbers."""

import numpy

rng = numpy.random.default_rng(5)
a = rng.random((60, 60))
print(numpy.allclose(a @ numpy.linalg.inv(a), numpy.eye(60)))
u, s, v = numpy.linalg.svd(a)
print(numpy.allclose(u * s @ v, a), round(float(numpy.linalg.det(a / 5)), 6))
print(
    numpy.allclose(numpy.fft.ifft(numpy.fft.fft(a)), a), numpy.sort(a.ravel())[:2].round(6).tolist()
)
print(numpy.linalg.eigvalsh(a + a.T).round(6)[:2].tolist(), numpy.einsum("ij,ji", a, a).round(6))
try:
    numpy.linalg.cholesky(-numpy.eye(3))
except numpy.linalg.LinAlgError as e:
    print(e)
