"""A sum reduction and its gradient with NumPy, where the gradient is a formula too.

Computes c_i = Sum_j (p - a_j)^2 exp(x_i + y_j), and the gradient of <e, c> in y, which is

    g_j = Sum_i Grad((p - a_j)^2 exp(x_i + y_j), y_j, e_i).

Both are checked against an array of M x N x 3 numbers.

    python sum_reduction_numpy.py [picture.png]
"""

import sys
import time

import matplotlib
import numpy as np

from keopsnb.numpy import Genred

matplotlib.use("Agg")  # a file, with or without a display
import matplotlib.pyplot as plt

M = 1000
N = 2000
random = np.random.default_rng(0)
x = random.standard_normal((M, 3))
y = random.standard_normal((N, 3))
a = random.standard_normal((N, 1))
p = random.standard_normal(1)
e = random.random((M, 3))

formula = "Square(p - a) * Exp(x + y)"
variables = ["x = Vi(3)", "y = Vj(3)", "a = Vj(1)", "p = Pm(1)"]

# axis=1 reduces over j: the result is indexed by i. axis=0 reduces over i.
routine = Genred(formula, variables, reduction_op="Sum", axis=1)
gradient = Genred(f"Grad({formula}, y, e)", [*variables, "e = Vi(3)"], reduction_op="Sum", axis=0)
c = routine(x, y, a, p)
g = gradient(x, y, a, p, e)  # both are compiled now

start = time.perf_counter()
g = gradient(x, y, a, p, e)
print(f"Gradient with keopsnb: {time.perf_counter() - start:.5f} s")

start = time.perf_counter()
terms = (p - a) ** 2 * np.exp(x[:, None, :] + y)  # (M, N, 3)
g_numpy = (terms * e[:, None, :]).sum(axis=0)
print(f"Gradient with NumPy: {time.perf_counter() - start:.5f} s")

error = max(
    np.abs(found - expected).max() / np.abs(expected).max()
    for found, expected in ((c, terms.sum(axis=1)), (g, g_numpy))
)
print(f"Greatest difference, relative to the greatest value: {error:.1e}")
if not error < 1e-13:
    sys.exit("keopsnb and NumPy disagree.")

picture = sys.argv[1] if len(sys.argv) > 1 else "sum_reduction_numpy.png"
for i in range(3):
    plt.subplot(3, 1, i + 1)
    plt.plot(g[:40, i], "-", label="keopsnb")
    plt.plot(g_numpy[:40, i], "--", label="NumPy")
    plt.legend(loc="lower right")
    plt.ylabel(f"component {i}")
plt.xlabel("j")
plt.tight_layout()
plt.savefig(picture)
print(f"The first 40 gradients are drawn in {picture}.")
