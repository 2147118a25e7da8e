"""FLINT: polynomials and factors."""

from flint import arb, fmpz, fmpz_mat, fmpz_poly

print(fmpz(2**64 + 1).factor(), fmpz_poly([1, 2, 1]).factor(), fmpz_mat([[1, 2], [3, 4]]).det())
print(arb(2).sqrt().str(15, radius=False))
