"""Every operation of pykeops' LazyTensor on entries, in groups that share one formula each.

A group is a function of symbolic matrices: x (Vi) and y (Vj) of dimension 3, s a parameter of
dimension 1, Q one of dimension 9; of complex numbers 4, 4, 2 and 8, as pykeops has their gradients
in variables of even dimension only. All numbers are between 0.2 and 0.9.
"""

from typing import Any

import numpy as np

M, N = 7, 11


def dims(group: str) -> dict[str, int]:
    return dict(zip("xysQ", (4, 4, 2, 8) if group == "complexes" else (3, 3, 1, 9), strict=True))


def data(dtype: str, group: str) -> dict[str, Any]:
    rng = np.random.default_rng(5)
    rows = {"x": (M,), "y": (N,), "s": (), "Q": ()}
    shapes = {name: (*rows[name], dim) for name, dim in dims(group).items()}
    return {k: rng.uniform(0.2, 0.9, shape).astype(dtype) for k, shape in shapes.items()}


def functions(x: Any, y: Any, s: Any, Q: Any) -> dict[str, Any]:
    return {
        "exp": (x - y).exp(),
        "log": (x + y).log(),
        "xlogx": (x * y).xlogx(),
        "cos": (x + y).cos(),
        "sin": (x + y).sin(),
        "sinxdivx": (x + y).sinxdivx(),
        "sinc": (x + y).sinc(),
        "asin": (x * y).asin(),
        "acos": (x * y).acos(),
        "atan": (x + y).atan(),
        "sqrt": (x + y).sqrt(),
        "rsqrt": (x + y).rsqrt(),
        "abs": (x - y).abs(),
        "__abs__": abs(x - y),
        "sign": (x - y).sign(),
        "step": (x - y).step(),
        "relu": (x - y).relu(),
        "square": (x + y).square(),
        "pow 2": (x + y) ** 2,
        "pow 3": (x + y) ** 3,
        "pow -1": (x + y) ** -1,
        "pow .5": (x + y) ** 0.5,
        "pow -.5": (x + y) ** -0.5,
        "power": (x + y).power(3),
        "round": (x + y).round(1),
        "clamp": (x + y).clamp(0.7, 1.2),
        "clamp of integers": (x - y).clamp(0, 1),
        "mod": (x + y).mod(0.3),
        "mod with offset": (x + y).mod(0.3, 0.1),
    }


def operators(x: Any, y: Any, s: Any, Q: Any) -> dict[str, Any]:
    return {
        "add": x + y,
        "sub": x - y,
        "mul": x * y,
        "div": x / y,
        "add scalar": x + s * y,
        "div scalar": s / (x + y),
        "radd": 2 + x * y,
        "rsub": 1.5 - x * y,
        "rmul": 2 * (x + y),
        "rdiv": 1 / (x + y),
        "div number": (x + y) / 2,
        "neg": -(x * y),
        "or": (x | y) * s,
        "scalar times vector": (x | y) * y,
        "eq": (x - y).step() == (y - x).step(),
        "ne": (x - y).step() != 1,
        "lt": (x < y) * x,
        "le": (x <= 0.5) * y,
        "gt": (x > y) * x,
        "ge": (x >= y) * s,
        "atan2": x.atan2(y),
        "rsqrt of scalar": s.rsqrt() * x,
        "repeated": (x - y) * (x - y) + (x - y),
        "power of vectors": x**y,
    }


def vectors(x: Any, y: Any, s: Any, Q: Any) -> dict[str, Any]:
    pair = x.tensorprod(y)
    return {
        "sqnorm2": (x - y).sqnorm2(),
        "norm2": (x - y).norm2(),
        "norm": (x - y).norm(-1),
        "normalize": (x - y).normalize(),
        "sqdist": x.sqdist(y),
        "weightedsqnorm scalar": (x - y).weightedsqnorm(s),
        "weightedsqnorm vector": (x - y).weightedsqnorm(y),
        "weightedsqnorm matrix": (x - y).weightedsqnorm(pair),
        "weightedsqdist": x.weightedsqdist(y, s),
        "elem": (x * y).elem(1),
        "extract": (x * y).extract(1, 2),
        "getitem": (x * y)[2],
        "getitem slice": (x * y)[0:2],
        "getitem full": (x * y)[:, :, 1:3],
        "concat": x.concat(y),
        "cat": type(x).cat((x, y), 2),
        "concatenate": type(x).concatenate((x, y), -1),
        "tensorprod": pair,
        "matvecmult": Q.matvecmult(x * y),
        "vecmatmult": (x * y).vecmatmult(Q),
        "tensordot": Q.keops_tensordot(x * y, (3, 3), (3,), (1,), (0,)),
        "kron": x.keops_kron(y, (3,), (3,)),
        "sum": (x * y).sum(-1),
        "sum of the last": (x * y).sum(2),
        "min": (x - y).min(-1),
        "max": (x - y).max(-1),
        "argmin": (x - y).argmin(-1),
        "argmax": (x - y).argmax(-1),
        "one_hot": (x - y).argmax(-1).one_hot(3),
        "factorize": ((x - y) * (x - y).exp()).factorize(x - y),
        "auto_factorize": ((x - y) * (x - y).exp()).auto_factorize(),
    }


def derivatives(x: Any, y: Any, s: Any, Q: Any) -> dict[str, Any]:
    f = (-(x.sqdist(y)) * s).exp()
    return {
        "grad": f.grad(x, 1),
        "grad in y": f.grad(y, s),
        "diff": f.diff(x, y),
        "divergence": (f * (x - y)).divergence(x),
        "laplacian": f.laplacian(x),
    }


def complexes(x: Any, y: Any, s: Any, Q: Any) -> dict[str, Any]:
    z = x[0:2].real2complex() + x[2:4].imag2complex()
    w = y[0:2].real2complex() - y[2:4].imag2complex()
    results = {
        "add": z + w,
        "sub": z - w,
        "mul": z * w,
        "div": z / w,
        "conj": z.conj(),
        "exp": (z * w).exp(),
        "exp1j": x.exp1j(),
        "sum": (z * w).sum(-1),
        "real2complex": (x * y).real2complex(),
        "imag2complex": (x * y).imag2complex(),
    }
    parts = {
        f"{k}, {part}": getattr(v, part) for k, v in results.items() for part in ("real", "imag")
    }
    return parts | {"abs": abs(z * w), "angle": (z * w).angle()}


GROUPS = {f.__name__: f for f in (functions, operators, vectors, derivatives, complexes)}
# pykeops computes these in float32 even in float64 (Powf).
SINGLE = {"power of vectors"}
