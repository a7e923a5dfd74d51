"""Reductions in programs as torch's users write them: modules, workers, processes, modes."""

import copy
import io
import math
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from test_torch_func import B, S, X, Y, close, dense, gaussian
from torch import Tensor
from torch.utils.checkpoint import checkpoint
from torch.utils.data import DataLoader, Dataset

from keopsnb.torch import Genred, Vi, Vj

F64 = torch.float64


class Kernel(torch.nn.Module):
    """A layer with a reduction, a symbolic matrix and a parameter."""

    def __init__(self) -> None:
        super().__init__()
        self.s = torch.nn.Parameter(S.clone())
        self.reduction = gaussian
        self.matrix = Vi(Y).sqdist(Vj(Y))

    def forward(self, x: Tensor) -> Tensor:
        return self.reduction(x, Y, B, self.s)


# Law: modules that hold reductions are copied, pickled and saved.


def test_copies_and_pickles() -> None:
    kernel = Kernel()
    memory = io.BytesIO()
    torch.save(kernel, memory)
    memory.seek(0)
    for other in (
        copy.deepcopy(kernel),
        pickle.loads(pickle.dumps(kernel)),
        torch.load(memory, weights_only=False),
    ):
        close(other(X), kernel(X))
        close(other.matrix.sum(1), kernel.matrix.sum(1))
        other(X).sum().backward()
        assert other.s.grad is not None
        assert kernel.s.grad is None


# Law: autocast computes reductions in float32, as it does torch's own; float64 stays.


def test_autocast() -> None:
    x, y, b, s = (a.float() for a in (X, Y, B, S))
    plain = gaussian(x.bfloat16().float(), y, b, s)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        mixed = gaussian(x.bfloat16(), y, b, s)
        leaf = x.clone().requires_grad_()
        (g,) = torch.autograd.grad(gaussian(leaf.bfloat16(), y, b, s).sum(), leaf)
        product = x @ torch.eye(2)
        assert product.dtype == torch.bfloat16
        assert gaussian(product, y, b, s).dtype == torch.float32
        assert gaussian(X, Y, B, S).dtype == F64
        with torch.autocast("cpu", enabled=False):
            assert gaussian(*(a.bfloat16() for a in (x, y, b, s))).dtype == torch.bfloat16
    assert mixed.dtype == torch.float32
    assert torch.equal(mixed, plain)
    assert g.dtype == torch.float32
    with pytest.raises(TypeError, match="must have one dtype"):
        gaussian(x.bfloat16(), y, b, s)


# Law: subclasses of Tensor meet reductions by torch's protocol.


class Named(torch.Tensor):
    pass


class Logged(torch.Tensor):
    calls: list[Any] = []  # noqa: RUF012

    @classmethod
    def __torch_function__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        cls.calls.append(func)
        return super().__torch_function__(func, types, args, kwargs or {})


def test_subclasses() -> None:
    found = gaussian(X.as_subclass(Named), Y, B, S)
    assert type(found) is Named
    close(found.as_subclass(Tensor), dense(X, Y, B, S))
    found = gaussian(X, Y, B.as_subclass(Logged), S)
    assert type(found) is Logged
    assert len(Logged.calls) == 1
    buffer = torch.nn.Buffer(X.clone())
    close(gaussian(buffer, Y, B, torch.nn.Parameter(S)), dense(X, Y, B, S))


# Law: modes change how a reduction is computed as they do for torch's own operations.


def test_modes() -> None:
    expected = gaussian(X, Y, B, S)
    seen = []

    class Recorder(torch.utils._python_dispatch.TorchDispatchMode):
        def __torch_dispatch__(
            self, func: Any, types: Any, args: Any = (), kwargs: Any = None
        ) -> Any:
            seen.append(func)
            return func(*args, **(kwargs or {}))

    with Recorder():
        assert torch.equal(gaussian(X, Y, B, S), expected)
    assert torch.ops.keopsnb.kernel.default in seen
    torch.use_deterministic_algorithms(True)
    try:
        x = X.clone().requires_grad_()
        nearest = Genred("SqDist(x, y)", ["x = Vi(2)", "y = Vj(2)"], "KMin", axis=1, opt_arg=2)
        for f in (lambda: gaussian(x, Y, B, S), lambda: nearest(x, Y)):
            first, second = (torch.autograd.grad(f().sum(), x)[0] for _ in range(2))
            assert torch.equal(first, second)
    finally:
        torch.use_deterministic_algorithms(False)
    with torch.device("meta"):  # where new tensors are made, not where old ones are
        assert torch.equal(gaussian(X, Y, B, S), expected)


def test_tensors_without_memory() -> None:
    zero = torch._efficientzerotensor((4, 2), dtype=F64)
    assert torch.equal(gaussian(zero, Y, B, S), gaussian(torch.zeros(4, 2, dtype=F64), Y, B, S))


# Law: what is recomputed, or changed in place, is noticed.


def test_checkpoint() -> None:
    leaves = [a.clone().requires_grad_() for a in (X, S)]
    value = checkpoint(lambda x, s: gaussian(x, Y, B, s).sin(), *leaves, use_reentrant=False)
    right = torch.autograd.grad(dense(leaves[0], Y, B, leaves[1]).sin().sum(), leaves)
    close(torch.autograd.grad(value.sum(), leaves), right)


def test_a_saved_result_changed_in_place_is_noticed() -> None:
    x = X.clone().requires_grad_()
    value = Genred("SqDist(x, y)", ["x = Vi(2)", "y = Vj(2)"], "LogSumExp", axis=1)(x, Y)
    value.add_(1)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        value.sum().backward()


def test_inference_tensors() -> None:
    with torch.inference_mode():
        x = X + 0
        close(gaussian(x, Y, B, S), dense(x, Y, B, S))
    s = S.clone().requires_grad_()
    with pytest.raises(RuntimeError, match="Inference tensors cannot be saved for backward"):
        gaussian(x, Y, B, s)


# Law: workers and processes compute what this one does.


class Clouds(Dataset[Tensor]):
    def __init__(self) -> None:
        self.kernel = Kernel()

    def __len__(self) -> int:
        return 3

    def __getitem__(self, k: int) -> Tensor:
        with torch.no_grad():
            found: Tensor = self.kernel(X + k)
        return found


@pytest.mark.parametrize("start", ["fork", "spawn"])
def test_data_loader(start: str) -> None:
    gaussian(X, Y, B, S)  # so that threads are there when it forks
    loader = DataLoader(Clouds(), num_workers=1, multiprocessing_context=start)
    for k, found in enumerate(loader):
        close(found[0], gaussian(X + k, Y, B, S))


TRAIN = """
import datetime, os, sys
import torch
from keopsnb.torch import Genred

class Layer(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.s = torch.nn.Parameter(torch.ones(1).double())
        aliases = ["x = Vi(2)", "y = Vj(2)", "b = Vj(1)", "s = Pm(1)"]
        self.reduction = Genred("Exp(-s * SqDist(x, y)) * b", aliases, axis=1)

    def forward(self, x):
        return self.reduction(x, x, torch.ones(2, 1).double(), self.s)

rank, meeting = int(sys.argv[1]), sys.argv[2]
patience = datetime.timedelta(seconds=100)
torch.distributed.init_process_group(
    "gloo", init_method="file://" + meeting, rank=rank, world_size=2, timeout=patience
)
model = torch.nn.parallel.DistributedDataParallel(Layer())
model(torch.eye(2).double() * (1 + rank)).sum().backward()
print(repr(model.module.s.grad.item()), flush=True)
torch.distributed.barrier()
os._exit(0)  # torch's group of processes may wait for itself as it is destroyed
"""


@pytest.mark.skipif(sys.platform != "linux", reason="gloo is tested on Linux")
def test_distributed_data_parallel(tmp_path: Path) -> None:
    command = [sys.executable, "-c", TRAIN]
    both = [
        subprocess.Popen([*command, str(rank), str(tmp_path / "meeting")], stdout=subprocess.PIPE)
        for rank in range(2)
    ]
    try:
        printed = [process.communicate(timeout=120)[0] for process in both]
    finally:
        for process in both:
            process.kill()
    # Of 2 exp(-2 s) + 2 and of 2 exp(-8 s) + 2, their mean.
    expected = (-4 * math.exp(-2) - 16 * math.exp(-8)) / 2
    assert [float(text) for text in printed] == pytest.approx([expected, expected])
