"""first_call.py <library> [D...]: seconds of first calls in this process, as JSON.

Without D, of a Gaussian sum in PyTorch, its gradient and its Hessian-vector product. With them, of
the Gaussian sum in NumPy for each D, after one call of another formula.
"""

import contextlib
import importlib
import io
import json
import sys
import time
from collections.abc import Callable
from typing import Any


def timed(call: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds and result of a call, its output swallowed."""
    with contextlib.redirect_stdout(io.StringIO()):
        start = time.perf_counter()
        result = call()
        return time.perf_counter() - start, result


def main() -> None:
    library, *dims = sys.argv[1:]
    front_end = "numpy" if dims else "torch"
    with contextlib.redirect_stdout(io.StringIO()):
        module = importlib.import_module(f"{library}.{front_end}")
    times = by_dim(module, dims) if dims else by_order(module)
    print(json.dumps(times))


def gaussian(module: Any, D: int) -> Any:
    aliases = [f"x=Vi({D})", f"y=Vj({D})", "b=Vj(1)"]
    return module.Genred("Exp(-SqDist(x,y))*b", aliases, reduction_op="Sum", axis=1)


def by_order(module: Any) -> dict[str, float]:
    import torch
    from torch.autograd import grad

    x, y, b = torch.rand(100, 3), torch.rand(100, 3), torch.rand(100, 1)
    x.requires_grad_()
    grad(2 * x, x, torch.ones_like(x))  # its first call imports some hundred modules of PyTorch
    times = {}
    times["value"], a = timed(lambda: gaussian(module, 3)(x, y, b))
    times["gradient"], (g,) = timed(lambda: grad(a, x, torch.ones_like(a), create_graph=True))
    times["Hessian-vector product"], _ = timed(lambda: grad(g, x, torch.rand_like(x)))
    return times


def by_dim(module: Any, dims: list[str]) -> dict[str, float]:
    import numpy as np

    x = np.ones((100, 1))
    module.Genred("x*y", ["x=Vi(1)", "y=Vj(1)"], reduction_op="Sum", axis=1)(x, x)
    times = {}
    for text in dims:
        x, b = np.ones((100, int(text)), np.float32), np.ones((100, 1), np.float32)
        times[text], _ = timed(lambda: gaussian(module, int(text))(x, x, b))  # noqa: B023
    return times


if __name__ == "__main__":
    main()
