"""A sum reduction and its gradient with PyTorch.

For points x_i and y_j of R^3, weights a_j and a number p, computes the three sums

    c_i = Sum_j (p - a_j)^2 exp(x_i + y_j)

and, from a tensor e of the shape of c, the gradient g of <e, c> in y. PyTorch does the same through
an array of M x N x 3 numbers, 180 MB here; the reduction keeps nothing larger than its arguments.

    python sum_reduction.py [picture.png]
"""

import sys
import time

import matplotlib
import torch
from torch.autograd import grad

from keopsnb.torch import Genred

matplotlib.use("Agg")  # a file, with or without a display
import matplotlib.pyplot as plt

M = 3000
N = 5000
device = torch.device("cpu")
dtype = "float32"  # or "float64"
torchtype = torch.float32 if dtype == "float32" else torch.float64

x = torch.randn(M, 3, dtype=torchtype, device=device)
y = torch.randn(N, 3, dtype=torchtype, device=device, requires_grad=True)
a = torch.randn(N, 1, dtype=torchtype, device=device)
p = torch.randn(1, dtype=torchtype, device=device)

# The formula, and for each argument of a call: its name, its index and its dimension.
formula = "Square(p-a)*Exp(x+y)"
variables = [
    "x = Vi(3)",  # indexed by i
    "y = Vj(3)",  # indexed by j
    "a = Vj(1)",
    "p = Pm(1)",  # a parameter: no index
]
# axis=1 reduces over j, so that the result is indexed by i.
my_routine = Genred(formula, variables, reduction_op="Sum", axis=1)
c = my_routine(x, y, a, p)

e = torch.rand_like(c)
# At the first gradient of a process PyTorch imports more of itself, which takes a second.
one = torch.ones(1, requires_grad=True)
grad(2 * one, one, torch.ones(1))
# The first run compiles the gradient, unless an earlier process did; the second only computes.
for run in ("first", "second"):
    start = time.perf_counter()
    g = grad(c, y, e, retain_graph=True)[0]
    print(f"Gradient with keopsnb, {run} run: {time.perf_counter() - start:.5f} s")

start = time.perf_counter()
g_torch = (
    (
        (p - a.transpose(0, 1))[:, None] ** 2
        * torch.exp(x.transpose(0, 1)[:, :, None] + y.transpose(0, 1)[:, None, :])
        * e.transpose(0, 1)[:, :, None]
    )
    .sum(dim=1)
    .transpose(0, 1)
)
print(f"Gradient with PyTorch: {time.perf_counter() - start:.5f} s")

error = ((g - g_torch).abs().max() / g_torch.abs().max()).item()
print(f"Greatest difference, relative to the greatest value: {error:.1e}")
if not error < 1e-5:
    sys.exit("keopsnb and PyTorch disagree.")

picture = sys.argv[1] if len(sys.argv) > 1 else "sum_reduction.png"
for i in range(3):
    plt.subplot(3, 1, i + 1)
    plt.plot(g.detach().cpu().numpy()[:40, i], "-", label="keopsnb")
    plt.plot(g_torch.detach().cpu().numpy()[:40, i], "--", label="PyTorch")
    plt.legend(loc="lower right")
    plt.ylabel(f"component {i}")
plt.xlabel("j")
plt.tight_layout()
plt.savefig(picture)
print(f"The first 40 gradients are drawn in {picture}.")
