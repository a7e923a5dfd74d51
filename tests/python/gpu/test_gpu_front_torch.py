"""Tensors on a GPU, with an emulated one."""

import emulated_gpu

PREAMBLE = """
import torch
from keopsnb.torch import Genred

def tensors(M, N, dtype=torch.float32):
    return [torch.from_numpy(a).to(dtype) for a in sample(M, N, "float64")]

def gradients(reduction, arguments, **options):
    arguments = [a.clone().requires_grad_() for a in arguments]
    result = reduction(*arguments, **options)
    firsts = torch.autograd.grad((result**2).sum(), arguments, create_graph=True)
    seconds = torch.autograd.grad(sum((f**3).sum() for f in firsts), arguments)
    return [result.detach(), *(f.detach() for f in firsts), *seconds]
"""

# Law: CPU tensors with backend="GPU" are computed on the GPU, and so are gradients of any order;
# results come back.


def test_tensors_in_host_memory() -> None:
    emulated_gpu.run(
        PREAMBLE
        + """
for formula, op in ((GAUSSIAN, "Sum"), ("-SqDist(x, y) * b", "LogSumExp")):
    reduction = Genred(formula, ALIASES, op, axis=1)
    arguments = tensors(6, 8, torch.float64)
    wanted = gradients(reduction, arguments)
    assert calls("cuLaunchKernel") == [] or op != "Sum"
    before = len(calls("cuLaunchKernel"))
    found = gradients(reduction, arguments, backend="GPU")
    # The result; its gradients over i and over j; and some of theirs.
    assert len(calls("cuLaunchKernel")) - before >= 5
    for a, b in zip(found, wanted, strict=True):
        assert a.device.type == "cpu" and torch.allclose(a, b, 1e-9, 1e-9), (op, a - b)
assert fake.fake_allocations() == 0
"""
    )


def test_gradients_in_parameters() -> None:
    emulated_gpu.run(
        PREAMBLE
        + """
reduction = Genred("Exp(-SqDist(x, y) * p) * b", [*ALIASES, "p = Pm(1)"], axis=1)
p = torch.full((1,), 1.5, dtype=torch.float64, requires_grad=True)
for M, N in ((6, 8), (300, 5), (0, 8), (6, 0)):
    arguments = [*tensors(M, N, torch.float64), p]
    found, wanted = (
        torch.autograd.grad(reduction(*arguments, backend=backend).sum(), p)[0]
        for backend in ("GPU", "CPU")
    )
    assert found.shape == (1,) and torch.allclose(found, wanted, 1e-9, 1e-9), (M, N, found, wanted)
"""
    )


def test_logsumexp_of_16_bits() -> None:
    # A result near 200, where numbers of 16 bits are 1 apart: its gradient is still a softmax.
    emulated_gpu.run(
        PREAMBLE
        + """
reduction = Genred("x + y", ["x = Vi(1)", "y = Vj(1)"], "LogSumExp", axis=1)
x, y = torch.full((3, 1), 197.0), torch.linspace(-2, 2, 9)[:, None]
y16 = y.to(torch.bfloat16).requires_grad_()
result = reduction(x.to(torch.bfloat16), y16, backend="GPU")
(found,) = torch.autograd.grad(result.sum(), y16)
assert result.dtype == found.dtype == torch.bfloat16
wanted = 3 * torch.softmax(y16.detach().float(), 0)
assert torch.allclose(found.float(), wanted, 1e-2, 0), (found, wanted)
"""
    )


def test_bfloat16() -> None:
    emulated_gpu.run(
        PREAMBLE
        + """
reduction = Genred(GAUSSIAN, ALIASES, axis=1)
arguments = tensors(6, 8, torch.bfloat16)
found = reduction(*arguments, backend="GPU")
assert found.dtype == torch.bfloat16
assert torch.allclose(found.float(), reduction(*(a.float() for a in arguments)), 1e-2)
"""
    )


# Law: CUDA tensors are computed where they are, on torch's current stream, in memory of torch's;
# nothing is copied, allocated or waited for. Here they are tensors in host memory that say they are
# a GPU's.

CUDA = """
asked = []

class Cuda(torch.Tensor):
    is_cpu = property(lambda self: False)
    is_cuda = property(lambda self: True)

    def get_device(self):
        return 0

from keopsnb.torch import _autograd, _context
plain_wants_graph = _context.wants_graph

def wants_graph(tensors):  # a subclass, which is to be as torch's own class of tensors
    same = [t.as_subclass(torch.Tensor) if type(t) is Cuda else t for t in tensors]
    return plain_wants_graph(same)

_autograd.wants_graph = _context.wants_graph = wants_graph

def cuda(tensors):
    return [t.as_subclass(Cuda) for t in tensors]

plain_empty = torch.empty

def empty(*shape, dtype, device):
    if str(device) == "cpu":
        return plain_empty(*shape, dtype=dtype)
    asked.append(str(device))
    return plain_empty(*shape, dtype=dtype).as_subclass(Cuda)

def current_stream(device):
    asked.append(device)
    return 0

def full(shape, number, *, dtype, device):
    asked.append(("full", str(device)))
    return plain_full(shape, number, dtype=dtype).as_subclass(Cuda)

plain_full = torch.full
torch.empty, torch.full = empty, full
torch._C._cuda_getCurrentRawStream = current_stream
"""


def test_tensors_of_a_gpu() -> None:
    emulated_gpu.run(
        PREAMBLE
        + CUDA
        + """
reduction = Genred(GAUSSIAN, ALIASES, axis=1)
for backend in ("auto", "GPU", "GPU_1D_device", "GPU_2D"):
    arguments = tensors(6, 8)
    reduction(*cuda(arguments))
    names = (
        "cuMemAllocFromPoolAsync", "cuMemcpyHtoDAsync", "cuMemcpyDtoHAsync", "cuStreamSynchronize"
    )
    before = [len(calls(name)) for name in names]
    asked.clear()
    found = reduction(*cuda(arguments), backend=backend)
    assert type(found) is Cuda and asked == ["cuda:0", 0], asked
    assert before == [len(calls(name)) for name in names]
    assert calls("cuLaunchKernel")[-1][-1] == "default"
    assert torch.allclose(found.as_subclass(torch.Tensor), reduction(*arguments, backend="CPU"))

# With parts to merge, the workspace is torch's, too; rows that are not contiguous are copied.
arguments = tensors(3, 60000)
asked.clear()
x = arguments[0].t().contiguous().t()
found = reduction(*cuda([x, *arguments[1:]]))
assert asked == ["cuda:0", "cuda:0", 0], asked
wanted = reduction(*arguments, backend="CPU")
assert torch.allclose(found.as_subclass(torch.Tensor), wanted)

out = cuda([torch.zeros(3, 1)])[0]
assert reduction(*cuda(arguments), out=out) is out
assert torch.allclose(out.as_subclass(torch.Tensor), wanted)
"""
    )


def test_gradients_of_tensors_of_a_gpu() -> None:
    emulated_gpu.run(
        PREAMBLE
        + CUDA
        + """
reduction = Genred(GAUSSIAN, ALIASES, axis=1)
arguments = tensors(6, 8, torch.float64)
e = torch.ones(6, 1, dtype=torch.float64)
plain = [a.clone().requires_grad_() for a in arguments]
wanted = torch.autograd.grad(reduction(*plain), plain, e)
on_gpu = [a.clone().as_subclass(Cuda).requires_grad_() for a in arguments]
before = len(calls("cuLaunchKernel"))
found = torch.autograd.grad(reduction(*on_gpu), on_gpu, e.as_subclass(Cuda))
assert len(calls("cuLaunchKernel")) - before == 3
for a, b in zip(found, wanted, strict=True):
    assert torch.allclose(a.as_subclass(torch.Tensor), b)
"""
    )


# Law: a parameter of one number may be in host memory, as torch's own operations have it; its
# gradient is there, too. Integers beside float32 are checked without waiting.


def test_numbers_in_host_memory() -> None:
    emulated_gpu.run(
        PREAMBLE
        + CUDA
        + """
aliases = [*ALIASES, "p = Pm(1)"]
for op in ("Sum", "LogSumExp"):
    reduction = Genred("p * SqDist(x, y) + b", aliases, op, axis=1)
    arguments = tensors(6, 8, torch.float64)
    for p in (torch.tensor(1.5, dtype=torch.float64), torch.tensor([2.5], dtype=torch.float64)):
        plain = [a.clone().requires_grad_() for a in (*arguments, p)]
        mixed = [*(a.clone().as_subclass(Cuda).requires_grad_() for a in arguments), plain[-1]]
        asked.clear()
        found, wanted = reduction(*mixed), reduction(*plain)
        assert ("full", "cuda:0") in asked
        assert torch.allclose(found.as_subclass(torch.Tensor), wanted)
        if op != "Sum":
            continue
        e = torch.ones(6, 1, dtype=torch.float64)
        found = torch.autograd.grad(found, mixed, e.as_subclass(Cuda))
        wanted = torch.autograd.grad(wanted, plain, e)
        for a, b in zip(found, wanted, strict=True):
            assert a.shape == b.shape and torch.allclose(a.as_subclass(torch.Tensor), b), op
reduction = Genred("p * x + y", ["x = Vi(2)", "y = Vj(2)", "p = Pm(2)"], axis=1)
arguments = cuda([torch.ones(3, 2), torch.ones(4, 2)])
e = caught(TypeError, lambda: reduction(*arguments, torch.ones(2)))
assert "argument 3 ('p') is on device 'cpu', and argument 1 ('x')" in str(e), e
"""
    )


def test_integers_of_64_bits() -> None:
    emulated_gpu.run(
        PREAMBLE
        + CUDA
        + """
class Asked(Cuda):
    def item(self):
        raise AssertionError("this waits for the GPU")
    __bool__ = equal = item

reduction = Genred("(i == j) * b", ["i = Vi(1)", "j = Vj(1)", "b = Vj(1)"], axis=1)
i, j = torch.tensor([[3], [2**31 - 1], [-(2**31)]]), torch.tensor([[2**31 - 1], [3]])
b = torch.tensor([[1.0], [2.0]])
found = reduction(*(a.as_subclass(Asked) for a in (i, j, b)))
assert found.flatten().tolist() == [2, 1, 0]
i[0] = 2**31
e = caught(RuntimeError, lambda: reduction(*(a.as_subclass(Asked) for a in (i, j, b))))
assert "argument 1 ('i') holds integers of more than 32 bits" in str(e), e
"""
    )


def test_tensors_in_the_wrong_place() -> None:
    emulated_gpu.run(
        PREAMBLE
        + CUDA
        + """
reduction = Genred(GAUSSIAN, ALIASES, axis=1)
host = tensors(6, 8)
gpu = cuda(host)

class Second(Cuda):
    def get_device(self):
        return 1

X = "argument 1 ('x') is on device 'cuda:0', and "
for arguments, options, words in (
    (gpu, {"backend": "CPU"}, X + "backend is 'CPU'; write .cpu(), or backend='GPU'."),
    (gpu, {"backend": "GPU_2D_host"}, X + "backend='GPU_2D_host' takes arguments from host mem"),
    (gpu, {"device_id": 1}, X + "device_id is 1; leave it out, or write .to('cuda:1')."),
    (gpu, {"out": torch.zeros(6, 1)}, "out is on device 'cpu', and the arguments are on device"),
    (host, {"out": cuda([torch.zeros(6, 1)])[0]}, "out is on device 'cuda:0', and the arguments"),
    (host, {"backend": "GPU_1D_device"}, "argument 1 ('x') is in host memory, and backend='GPU_1D"),
    ([host[0], *gpu[1:]], {}, "argument 2 ('y') is on device 'cuda:0', and argument 1 ('x') is on "
     "device 'cpu'; all arguments must be on one device: write .to(...) for one."),
    ([*gpu[:2], host[2].as_subclass(Second)], {}, "argument 3 ('b') is on device 'cuda:1', and"),
):
    e = caught(TypeError, lambda: reduction(*arguments, **options))
    assert words in str(e), e
assert calls("cuLaunchKernel") == []
"""
    )
