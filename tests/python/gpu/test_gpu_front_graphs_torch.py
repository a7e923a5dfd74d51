"""Calls that are part of a CUDA graph, with an emulated GPU whose streams record and replay."""

from typing import Any

import emulated_gpu
import pytest
import torch
from test_gpu_front_torch import CUDA, PREAMBLE
from torch.utils._python_dispatch import TorchDispatchMode

from keopsnb.torch import LazyTensor

GRAPHS = (
    PREAMBLE
    + CUDA
    + """
from keopsnb.torch import _ranges

own, plain_gpu_empty = [], torch.empty

def empty(*shape, **options):  # the pool of a graph keeps its memory
    own.append(plain_gpu_empty(*shape, **options))
    return own[-1]

torch.empty = empty

def captured(step):
    fake.fake_begin_capture(None)
    _ranges._is_captured = lambda: True
    try:
        result = step()
    finally:
        _ranges._is_captured = lambda: False
        graph = fake.fake_end_capture(None)
    return result, lambda: fake.fake_replay(graph)

def clusters(M, N, kept, seed):
    def bounds(n):
        cuts = sorted({0, n, *np.random.default_rng(seed).integers(0, n, 4).tolist()})
        return torch.tensor([*zip(cuts[:-1], cuts[1:], strict=True)])
    from keopsnb.torch.cluster import from_matrix
    i, j = bounds(M), bounds(N)
    keep = torch.from_numpy(np.random.default_rng(seed).random((len(i), len(j))) < kept)
    mask = torch.zeros(M, N)
    for a, (begin, end) in enumerate(i.tolist()):
        for b, (first, last) in enumerate(j.tolist()):
            mask[begin:end, first:last] = keep[a, b]
    return from_matrix(i, j, keep), mask

def dense(arguments, mask):
    x, y, b = (a.as_subclass(torch.Tensor) for a in arguments)
    return (torch.exp(-torch.cdist(x, y) ** 2) * mask) @ b

def close(found, expected):
    return torch.allclose(found.as_subclass(torch.Tensor), expected, 1e-5, 1e-5)
"""
)

# Law: a captured call computes anew at each replay, whatever ranges other calls had since; ranges
# may be tensors or arrays in host memory, seen before or not.


def test_ranges_in_a_graph() -> None:
    emulated_gpu.run(
        GRAPHS
        + """
M, N = 130, 70
reduction = Genred(GAUSSIAN, ALIASES, axis=1)
arguments = cuda(tensors(M, N))
for seen in (True, False):
    ranges, mask = clusters(M, N, 0.5, int(seen))
    if seen:
        assert close(reduction(*arguments, ranges=ranges), dense(arguments, mask))
    (result, numbers), replay = captured(
        lambda: [reduction(*arguments, ranges=r) for r in (ranges, [r.numpy() for r in ranges])]
    )
    result.fill_(np.nan)
    for seed in range(2, 80):
        others, other_mask = clusters(M, N, 0.3, seed)
        if seed < 4:
            assert close(reduction(*arguments, ranges=others), dense(arguments, other_mask))
        else:
            reduction(*arguments, ranges=others)
    for x in (arguments[0] * 2, arguments[0] + 1):
        arguments[0].copy_(x)
        replay()
        assert close(result, dense(arguments, mask)) and close(numbers, dense(arguments, mask))
"""
    )


# Law: a capture may hold the first call of all, which compiles, and goes on while another thread
# computes with host arrays.


def test_first_call_in_a_graph() -> None:
    emulated_gpu.run(
        GRAPHS
        + """
from concurrent.futures import ThreadPoolExecutor
import keopsnb.numpy

on_host = keopsnb.numpy.Genred(GAUSSIAN, ALIASES, axis=1)
host = sample(6, 8)

def step():
    values = [Genred(GAUSSIAN, ALIASES, axis=1)(*arguments, **options)
              for arguments, options in ((few, {}), (many, {}), (few, {"ranges": ranges}))]
    with ThreadPoolExecutor(1) as pool:
        found = pool.submit(on_host, *host, backend="GPU").result()
    assert np.allclose(found, on_host(*host), 1e-5)
    return values

few, many = cuda(tensors(6, 8)), cuda(tensors(3, 60000))
ranges, mask = clusters(6, 8, 0.5, 0)
values, replay = captured(step)
for value in values:
    value.fill_(np.nan)
replay()
for value, arguments, pairs in zip(values, (few, many, few), (1, 1, mask), strict=True):
    assert close(value, dense(arguments, pairs))
"""
    )


# Law: ranges that are tensors of the GPU are read once, and again when they were changed; never in
# a capture, which says what to do.


def test_ranges_of_a_gpu() -> None:
    emulated_gpu.run(
        GRAPHS
        + """
M, N = 13, 7
reads = []

class Read(Cuda):
    def cpu(self):
        reads.append(self)
        return self.as_subclass(torch.Tensor)

reduction = Genred(GAUSSIAN, ALIASES, axis=1)
arguments = cuda(tensors(M, N))
ranges, mask = clusters(M, N, 0.5, 3)
on_gpu = tuple(r.as_subclass(Read) for r in ranges)
e = caught(ValueError, lambda: captured(lambda: reduction(*arguments, ranges=on_gpu)))
assert "call it once before with these very tensors" in str(e), e
for _ in range(3):
    assert close(reduction(*arguments, ranges=on_gpu), dense(arguments, mask))
    assert len(reads) == 6
result, replay = captured(lambda: reduction(*arguments, ranges=on_gpu))
result.fill_(np.nan)
replay()
assert close(result, dense(arguments, mask)) and len(reads) == 6

others, other_mask = clusters(M, N, 0.5, 3)
on_gpu[2].zero_()  # intervals without an index
assert close(reduction(*arguments, ranges=on_gpu), 0 * dense(arguments, mask))
assert len(reads) == 12
for seed in range(100):
    again, mask = clusters(M, N, 0.5, seed)
    found = reduction(*arguments, ranges=tuple(r.as_subclass(Read) for r in again))
    assert close(found, dense(arguments, mask))
assert len(_ranges._known) <= 64
with torch.inference_mode():  # whose tensors have no versions: they are read each time
    unseen = tuple(r.as_subclass(Read) for r in clusters(M, N, 0.5, 200)[0])
    before = len(reads)
    for _ in range(2):
        reduction(*arguments, ranges=unseen)
assert len(reads) == before + 12
"""
    )


# Law: no call with ranges waits for what its stream is busy with, nor copies ranges again.


def test_ranges_wait_for_nothing() -> None:
    emulated_gpu.run(
        GRAPHS
        + """
M, N = 13, 7
reduction = Genred(GAUSSIAN, ALIASES, axis=1)
mean = Genred("x * b", ALIASES, "Mean", axis=1)
arguments = cuda(tensors(M, N))
ranges, mask = clusters(M, N, 0.5, 3)
for call in (reduction, mean):
    call(*arguments, ranges=ranges)
names = ("cuMemcpyHtoDAsync", "cuStreamSynchronize", "cuEventSynchronize", "cuMemHostAlloc",
         "cuMemAllocFromPoolAsync")
before = [len(calls(name)) for name in names]
for _ in range(20):
    for call in (reduction, mean):
        call(*arguments, ranges=ranges)
assert before == [len(calls(name)) for name in names]
"""
    )


# Law: numbers of a formula reach a GPU by kernels alone, which a graph records; nothing is copied.


@pytest.mark.parametrize("numbers", [(0.1,), (1.0, -2.5, 3.0)])
def test_numbers_are_not_copied(numbers: tuple[float, ...]) -> None:
    seen = []

    class Record(TorchDispatchMode):
        def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None):
            seen.append(func.overloadpacket)
            return func(*args, **kwargs or {})

    like = torch.empty(5, 3, device="meta")
    with Record():
        (_, made), _ = LazyTensor.arrays.alike([like, numbers], [False, True])
    assert made.shape == (len(numbers),)
    assert made.device == like.device
    assert seen
    assert set(seen) <= {torch.ops.aten.full, torch.ops.aten.cat}, seen
    (_, on_host), _ = LazyTensor.arrays.alike([torch.empty(5, 3), numbers], [False, True])
    assert on_host.tolist() == pytest.approx(list(numbers))
