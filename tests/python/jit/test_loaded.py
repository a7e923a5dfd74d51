"""Kernels that are loaded: few of those that nobody runs, whatever else holds their reductions."""

import os
from pathlib import Path

import pytest
from processes import Compiler, python

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/maps").exists(), reason="what is mapped is asked of Linux"
)

CODE = """
from concurrent.futures import ThreadPoolExecutor
cache = os.environ["KEOPSNB_CACHE_DIR"]
def loaded():
    with open("/proc/self/maps") as maps:
        return len({line.split()[-1] for line in maps if cache in line})
def resident():
    with open("/proc/self/statm") as sizes:
        return int(sizes.read().split()[1]) * 4096
def reduction(k):
    return Genred(f"Exp(-SqDist(x, y)) * {k}", ["x = Vi(2)", "y = Vj(2)"], axis=1)
x, y = np.zeros((3, 2)), np.zeros((4, 2))
"""


def copying(folder: Path, source: Path) -> Compiler:
    """A compiler whose every object is a copy of one that is there."""
    return Compiler(
        folder,
        f"""while [ "$1" != -o ]; do shift; done; exec cp '{source}' "$2" """,
    )


# Law: at most KEOPSNB_LOADED_KERNELS are loaded, and memory does not grow with their number.


def test_hundreds_of_formulas(tmp_path: Path) -> None:
    environment = {"KEOPSNB_CACHE_DIR": str(tmp_path / "cache"), "KEOPSNB_LOADED_KERNELS": "16"}
    python(CODE + "reduction(1)(x, y)", environment)
    (made,) = (tmp_path / "cache").rglob("*.so")
    fake = copying(tmp_path, made)
    code = """
alive = []
for k in range(300):
    alive.append(reduction(k + 2))
    assert alive[-1](x, y).tolist() == [[4.0]] * 3
    assert loaded() == min(k + 1, 16)
    if k == 99:
        before = resident()
    if k >= 99:
        del alive[0]
grown = resident() - before
assert grown < 4 << 20, grown
for again in alive + alive[:16]:
    assert again(x, y).tolist() == [[4.0]] * 3
assert loaded() == 16
"""
    python(CODE + code, {**environment, "KEOPSNB_CXX": str(fake.path)})
    assert len(fake.compilations) == 300  # those of the second round came from the cache


# Law: a kernel that runs stays loaded; one that is called again is loaded again.

THREADS = """
keopsnb.set_num_threads(3)
random = np.random.default_rng(0)
x, y = random.normal(size=(500, 2)), random.normal(size=(700, 2))
reductions = [reduction(k) for k in range(1, 5)]
expected = [r(x, y) for r in reductions]
def work(caller):
    for k in range(150):
        at = (k * (caller + 1) + caller) % 4
        assert np.array_equal(reductions[at](x, y), expected[at])
    return True
with ThreadPoolExecutor(6) as pool:
    assert all(pool.map(work, range(6)))
reduction(5)(x, y)  # while nobody runs the others
assert loaded() == 1
"""


def test_many_threads(tmp_path: Path) -> None:
    environment = {"KEOPSNB_CACHE_DIR": str(tmp_path), "KEOPSNB_LOADED_KERNELS": "1"}
    python(CODE + THREADS, environment)


def test_a_child_of_many_threads(tmp_path: Path) -> None:
    environment = {"KEOPSNB_CACHE_DIR": str(tmp_path), "KEOPSNB_LOADED_KERNELS": "1"}
    code = """
import warnings
warnings.filterwarnings("ignore", category=DeprecationWarning)  # of forking with threads
reductions = [reduction(k) for k in range(1, 4)]
expected = [r(x, y) for r in reductions]
done = False
def work():
    k = 0
    while not done:
        reductions[k % 3](x, y)
        reduction(k := k + 1)
busy = threading.Thread(target=work)
busy.start()
for n in range(20):
    child = os.fork()
    if child == 0:
        reduction(-n)
        os._exit(not all(np.array_equal(r(x, y), e) for r, e in zip(reductions, expected)))
    assert os.waitpid(child, 0)[1] == 0
done = True
busy.join()
"""
    python(CODE + code, environment)


# Law: so do a fork, and threads that look for a GPU as the first of all.
def test_a_child_of_threads_that_look_for_a_gpu(tmp_path: Path) -> None:
    code = """
import warnings
from keopsnb import _core
warnings.filterwarnings("ignore", category=DeprecationWarning)  # of forking with threads
done = False
def work():
    while not done:
        try:
            _core.cuda_info()
        except keopsnb.CudaError:
            pass
busy = [threading.Thread(target=work) for _ in range(2)]
for thread in busy:
    thread.start()
end = time.time() + 3
while time.time() < end:
    child = os.fork()
    if child == 0:
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
done = True
for thread in busy:
    thread.join()
check()
"""
    python(code, {"KEOPSNB_CACHE_DIR": str(tmp_path)})


def test_graphs_outlive_kernels(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    environment = {"KEOPSNB_CACHE_DIR": str(tmp_path), "KEOPSNB_LOADED_KERNELS": "1"}
    code = """
import torch
from keopsnb.torch import Genred
x, y = torch.rand(5, 2, requires_grad=True), torch.rand(4, 2)
value = reduction(1)(x, y)
other = reduction(2)(x, y)
(first,) = torch.autograd.grad(value.sum(), x, create_graph=True)
reduction(3)(x, y)
(second,) = torch.autograd.grad(first.sum(), x)
terms = (-((x[:, None] - y) ** 2).sum(-1)).exp().sum()
(wanted,) = torch.autograd.grad(terms, x, create_graph=True)
torch.testing.assert_close(first, wanted)
(wanted,) = torch.autograd.grad(wanted.sum(), x)
torch.testing.assert_close(second, wanted, rtol=1e-4, atol=1e-5)
assert loaded() == 1
"""
    python(CODE + code, environment)


@pytest.mark.parametrize("text", ["0", "-1", "many", "1.5"])
def test_environment_variable_refused(text: str) -> None:
    code = """
try:
    check()
except ValueError as error:
    print(error)
"""
    found = python(code, {"KEOPSNB_LOADED_KERNELS": text, "KEOPSNB_CACHE_DIR": os.devnull + "/x"})
    message = f'The environment variable KEOPSNB_LOADED_KERNELS is "{text}". Set it to a number of'
    assert found.startswith(message + " kernels, 1 or more, or unset it.")
