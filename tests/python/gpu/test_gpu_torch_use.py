"""CUDA tensors among other things that torch does: streams, graphs, threads, devices, memory."""

import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable

import pytest
import torch
from test_gpu_torch import close, cloud, nothing_waits, squares
from torch import Tensor

import keopsnb
from keopsnb.torch import Genred, Vi, Vj
from keopsnb.torch.cluster import from_matrix

pytestmark = pytest.mark.gpu
ALIASES = ["x = Vi(3)", "y = Vj(3)"]


@pytest.fixture
def reduction() -> Genred:
    return Genred("Exp(-SqDist(x, y))", ALIASES, axis=1)


def expected(x: Tensor, y: Tensor) -> Tensor:
    return (-squares(x.double().cpu(), y.double().cpu())).exp().sum(1)


def wait_a_while() -> None:
    """Keeps the current stream busy for some 50 milliseconds."""
    torch.cuda._sleep(100_000_000)


# Law: the work is queued on the current stream, behind what is there, and the call returns at once.


@pytest.mark.alone
def test_order_on_a_stream(reduction: Genred) -> None:
    x, y = cloud(1000, 3).cuda(), cloud(1000, 3, seed=1).cuda()
    right = expected(x, y)
    reduction(x, y)
    torch.cuda.synchronize()
    side = torch.cuda.Stream()
    with torch.cuda.stream(side):
        late = torch.zeros_like(x)
        wait_a_while()
        late.copy_(x)  # has not happened when the reduction is called
        found = reduction(late, y)
        assert not side.query()
    side.synchronize()
    close(found, right, 1e-11)


def test_streams_at_the_same_time(reduction: Genred) -> None:
    clouds = [(cloud(100, 3, seed=k).cuda(), cloud(50_000, 3, seed=-k).cuda()) for k in range(1, 9)]
    rights = [expected(x, y) for x, y in clouds]
    torch.cuda.synchronize()
    found = []
    for x, y in clouds:  # with few outputs, so that each has a workspace of its own
        with torch.cuda.stream(torch.cuda.Stream()):
            found.append(reduction(x, y))
    torch.cuda.synchronize()
    for value, right in zip(found, rights, strict=True):
        close(value, right, 1e-11)


def some_pairs(M: int, N: int, seed: int) -> tuple[tuple[Tensor, ...], Tensor]:
    """Ranges, in host memory, and the (M, N) mask that they are."""
    i, j = (torch.arange(0, n, 50) for n in (M, N))
    clusters = [torch.stack([a, (a + 50).clamp(max=n)], 1) for a, n in ((i, M), (j, N))]
    keep = torch.rand(len(i), len(j), generator=torch.Generator().manual_seed(seed)) < 0.5
    mask = keep.repeat_interleave(50, 0).repeat_interleave(50, 1)[:M, :N]
    return from_matrix(*clusters, keep), mask


def expected_of_pairs(x: Tensor, y: Tensor, mask: Tensor) -> Tensor:
    return ((-squares(x.double().cpu(), y.double().cpu())).exp() * mask[..., None]).sum(1)


@pytest.mark.alone
@pytest.mark.parametrize("kind", ["plain", "ranges", "ranges on the GPU", "numbers", "integers"])
def test_a_call_does_not_wait_for_the_gpu(reduction: Genred, kind: str) -> None:
    x, y = cloud(1000, 3).cuda(), cloud(1000, 3, seed=1).cuda()
    ranges, _ = some_pairs(1000, 1000, 0)
    on_gpu = tuple(r.cuda() for r in ranges)
    labels, taken = (torch.arange(1000, device="cuda")[:, None] for _ in range(2))
    by_label = Genred("x * IfElse(l - m, 1, 2)", ["x = Vi(3)", "l = Vi(1)", "m = Vj(1)"], axis=1)
    call = {
        "plain": lambda: reduction(x, y),
        "ranges": lambda: reduction(x, y, ranges=ranges),
        "ranges on the GPU": lambda: reduction(x, y, ranges=on_gpu),
        "numbers": lambda: (-((Vi(x) - Vj(y)) ** 2).sum(-1) / 0.3).exp().sum(1),
        "integers": lambda: by_label(x.float(), labels, taken),
    }[kind]
    call()
    torch.cuda.synchronize()
    with nothing_waits():
        wait_a_while()
        for _ in range(5):
            call()
        assert not torch.cuda.current_stream().query()


# Law: a captured reduction computes anew at each replay.


@pytest.mark.parametrize("sizes", [(1000, 1000), (3, 100_000)], ids=str)
def test_graph(reduction: Genred, sizes: tuple[int, int]) -> None:
    M, N = sizes
    x, y = cloud(M, 3).cuda().requires_grad_(), cloud(N, 3, seed=1).cuda()

    def step() -> tuple[Tensor, Tensor]:
        value = reduction(x, y)
        (gradient,) = torch.autograd.grad(value.sum(), x)
        return value.detach(), gradient

    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        step()
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        value, gradient = step()
    for seed in (2, 3):
        with torch.no_grad():
            x.copy_(cloud(M, 3, seed=seed))
        graph.replay()
        close(value, expected(x.detach(), y), 1e-11)
        close(gradient, step()[1].double().cpu(), 1e-11)


def test_ranges_in_a_graph(reduction: Genred) -> None:
    x, y = cloud(1000, 3).cuda(), cloud(700, 3, seed=1).cuda()
    ranges, mask = some_pairs(1000, 700, 0)
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        reduction(x, y, ranges=ranges)
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    unseen, other_mask = some_pairs(1000, 700, 1)
    with torch.cuda.graph(graph):
        values = [reduction(x, y, ranges=r) for r in (ranges, unseen)]
    for seed in (2, 3):
        for k in range(100):
            reduction(x, y, ranges=some_pairs(1000, 700, 10 + k)[0])
        x.copy_(cloud(1000, 3, seed=seed))
        graph.replay()
        for value, pairs in zip(values, (mask, other_mask), strict=True):
            close(value, expected_of_pairs(x, y, pairs), 1e-11)


def test_numbers_in_a_graph() -> None:
    x, y = cloud(100, 3).cuda(), cloud(70, 3, seed=1).cuda()

    def step() -> Tensor:
        return (-((Vi(x) - Vj(y)) ** 2).sum(-1) / 0.3).exp().sum(1)

    step()
    torch.cuda.synchronize()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        value = step()
    x.copy_(cloud(100, 3, seed=2))
    graph.replay()
    close(value, (-squares(x.cpu(), y.cpu()) / 0.3).exp().sum(1), 1e-11)


# Law: threads may call the same reduction; it compiles once and each has its own result.


def test_threads() -> None:
    reduction = Genred("Exp(-3 * SqDist(x, y))", ALIASES, axis=1)
    clouds = [(cloud(500, 3, seed=k), cloud(700, 3, seed=-k)) for k in range(1, 9)]
    found: dict[int, Tensor] = {}

    def work(k: int) -> None:
        with torch.cuda.stream(torch.cuda.Stream()):
            x, y = (a.cuda() for a in clouds[k])
            for _ in range(5):
                found[k] = reduction(x, y)
        torch.cuda.synchronize()

    threads = [threading.Thread(target=work, args=(k,)) for k in range(len(clouds))]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    for k, (x, y) in enumerate(clouds):
        close(found[k], (-3 * squares(x, y)).exp().sum(1), 1e-11)


# Law: tensors of host memory go to the GPU and back where that is asked for.


@pytest.mark.parametrize("backend", ["GPU", "GPU_1D", "GPU_2D", "GPU_1D_host", "GPU_2D_host"])
def test_host_tensors(reduction: Genred, backend: str) -> None:
    x, y = cloud(300, 3).requires_grad_(), cloud(200, 3, seed=1)
    value = reduction(x, y, backend=backend)
    assert value.device.type == "cpu"
    close(value, expected(x.detach(), y), 1e-11)
    (g,) = torch.autograd.grad(value.sum(), x)
    assert g.device.type == "cpu"
    close(g, torch.autograd.grad(reduction(x, y).sum(), x)[0], 1e-11)


@pytest.mark.parametrize("backend", ["auto", "GPU", "GPU_1D_device", "GPU_2D_device"])
def test_device_tensors(reduction: Genred, backend: str) -> None:
    x, y = cloud(300, 3).cuda(), cloud(200, 3, seed=1).cuda()
    close(reduction(x, y, backend=backend, device_id=x.get_device()), expected(x, y), 1e-11)


# Law: the tensors' device computes, whichever is the current one.


@pytest.mark.skipif(torch.cuda.device_count() < 2, reason="one GPU")
def test_another_device(reduction: Genred) -> None:
    x, y = cloud(300, 3).to("cuda:1").requires_grad_(), cloud(200, 3, seed=1).to("cuda:1")
    value = reduction(x, y)
    assert value.device == x.device
    close(value, expected(x.detach(), y), 1e-11)
    assert torch.autograd.grad(value.sum(), x)[0].device == x.device
    assert torch.cuda.current_device() == 0
    close(reduction(x.detach().to("cuda:0"), y.to("cuda:0")), expected(x.detach(), y), 1e-11)
    with pytest.raises(TypeError, match="y.* is on cuda:0.*x.* is on cuda:1|must be on one device"):
        reduction(x, y.to("cuda:0"))


# Law: what cannot be is refused before anything is launched, by a message that says what to write.


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda f, x, y: f(x, y.cpu()), "must be on one device"),
        (lambda f, x, y: f(x, y, backend="CPU"), "write .cpu()"),
        (lambda f, x, y: f(x, y, backend="GPU_1D_host"), "host memory"),
        (lambda f, x, y: f(x.cpu(), y.cpu(), backend="GPU_1D_device"), "takes CUDA tensors"),
        (lambda f, x, y: f(x, y, device_id=99), "device_id is 99"),
        (lambda f, x, y: f(x, y, out=torch.empty(4, 1)), "out is "),
        (lambda f, x, y: f(x, y.float()), "float32"),
    ],
)
def test_wrong_devices(
    reduction: Genred, call: Callable[[Genred, Tensor, Tensor], Tensor], message: str
) -> None:
    x, y = cloud(4, 3).cuda(), cloud(5, 3).cuda()
    with pytest.raises((TypeError, ValueError), match=re.escape(message)):
        call(reduction, x, y)
    close(reduction(x, y), expected(x, y), 1e-11)


def test_out_of_memory(reduction: Genred) -> None:
    x = torch.zeros(1, 3, device="cuda").expand(10**11, 3)  # its copy would take 1.2 TB
    with pytest.raises(RuntimeError, match="memory"):
        reduction(x, torch.zeros(1, 3, device="cuda"))
    x, y = cloud(4, 3).cuda(), cloud(5, 3).cuda()
    close(reduction(x, y), expected(x, y), 1e-11)


@pytest.mark.alone
def test_host_arrays_that_do_not_fit(reduction: Genred) -> None:
    free, _ = torch.cuda.mem_get_info()
    held = torch.empty(max(free - (1 << 29), 1), dtype=torch.uint8, device="cuda")
    x = torch.zeros(60_000_000, 3)  # 720 MB
    try:
        with pytest.raises(keopsnb.CudaError, match="memory") as info:
            reduction(x, torch.zeros(1, 3), backend="GPU")
        assert info.value.name == "CUDA_ERROR_OUT_OF_MEMORY"
    finally:
        del held
        torch.cuda.empty_cache()


# Law: a forked process is told that CUDA does not survive a fork.


def test_fork() -> None:
    code = """
import os, sys, torch
import keopsnb
from keopsnb.torch import Genred
reduction = Genred("SqDist(x, y)", ["x = Vi(3)", "y = Vj(3)"], axis=1)
x = torch.ones(4, 3)
reduction(x, x, backend="GPU")
child = os.fork()
if child == 0:
    try:
        reduction(x, x, backend="GPU")
    except keopsnb.CudaError as error:
        os._exit(0 if "fork" in str(error) else 2)
    os._exit(1)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    done = subprocess.run([sys.executable, "-c", code], check=False, timeout=120, env=os.environ)
    assert done.returncode == 0
