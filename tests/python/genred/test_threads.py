"""Many threads, many processes, and Ctrl-C."""

import itertools
import re
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from processes import PREAMBLE, Compiler, finish, python, start

import keopsnb
from keopsnb.numpy import Genred

ALIASES = ["x = Vi(3)", "y = Vj(3)"]


def arrays(M: int, N: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    return random.normal(size=(M, 3)), random.normal(size=(N, 3))


@pytest.fixture(autouse=True)
def same_number_of_threads_afterwards() -> Iterator[None]:
    before = keopsnb.get_num_threads()
    yield
    keopsnb.set_num_threads(before)


# Law: a reduction may be called by any number of threads at once.


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_one_reduction_in_many_threads(threads: int) -> None:
    keopsnb.set_num_threads(threads)
    reduction = Genred("Exp(-SqDist(x, y))", ALIASES, axis=1)
    small = [arrays(M, N, 0) for M, N in [(1, 1), (3, 8), (17, 5), (2, 33), (9, 11)]]
    shared = [arrays(M, N, 1) for M, N in [(9, 20_000), (300, 300)]]  # among the pool's threads
    cases = [(case, reduction(*case)) for case in small * 12 + shared]
    callers, calls = 8, 34_000 // 8

    def work(caller: int) -> int:
        chosen = itertools.islice(itertools.cycle(cases), caller, caller + calls)
        return sum(np.array_equal(reduction(*case), expected) for case, expected in chosen)

    with ThreadPoolExecutor(callers) as pool:
        assert sum(pool.map(work, range(callers))) == calls * callers


def test_concurrent_first_calls_compile_once(tmp_path: Path) -> None:
    compiler = Compiler(tmp_path)
    code = """
from concurrent.futures import ThreadPoolExecutor
barrier = threading.Barrier(8)
def call(_):
    barrier.wait()
    check()
with ThreadPoolExecutor(8) as pool:
    list(pool.map(call, range(8)))
"""
    python(code, {"KEOPSNB_CACHE_DIR": str(tmp_path / "c"), "KEOPSNB_CXX": str(compiler.path)})
    assert len(compiler.compilations) == 1


def test_other_python_threads_go_on_during_a_call() -> None:
    reduction = Genred("Exp(-SqDist(x, y))", ALIASES, axis=1)
    x, y = arrays(20_000, 20_000, 0)
    reduction(x[:1], y)
    ticks: list[float] = []
    stop = threading.Event()

    def tick() -> None:
        while not stop.wait(0.002):
            ticks.append(time.perf_counter())

    thread = threading.Thread(target=tick)
    thread.start()
    begin = time.perf_counter()
    while time.perf_counter() - begin < 0.1:
        reduction(x, y)
        end = time.perf_counter()
    stop.set()
    thread.join()
    during = sum(begin < t < end for t in ticks)
    assert during >= 5, f"{during} ticks in {end - begin:.3f} s"


# Law: the number of threads changes rounding at most.


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("operation", ["Sum", "LogSumExp"])
def test_number_of_threads(operation: str, axis: int) -> None:
    reduction = Genred("-SqDist(x, y)", ALIASES, operation, axis=axis)
    for M, N in [(1, 500_000), (500_000, 1), (300, 20_000), (1000, 3), (0, 9), (9, 0)]:
        x, y = arrays(M, N, 1)
        keopsnb.set_num_threads(1)
        expected = reduction(x, y)
        for threads in (2, 3, 7):
            keopsnb.set_num_threads(threads)
            assert keopsnb.get_num_threads() == threads
            np.testing.assert_allclose(reduction(x, y), expected, rtol=1e-13)


@pytest.mark.parametrize(("text", "expected"), [("1", "1"), ("3", "3"), ("", None), (None, None)])
def test_environment_variable(text: str | None, expected: str | None) -> None:
    found = python("check(); print(keopsnb.get_num_threads())", {"KEOPSNB_NUM_THREADS": text})
    if expected:
        assert found.strip() == expected
    else:
        assert int(found) >= 1


@pytest.mark.parametrize("text", ["0", "-1", "two", "1.5", " ", "99999999999"])
def test_environment_variable_refused(text: str) -> None:
    code = """
for f in (keopsnb.get_num_threads, check):
    try:
        f()
    except ValueError as error:
        print(error)
"""
    lines = python(code, {"KEOPSNB_NUM_THREADS": text}).splitlines()
    message = f'The environment variable KEOPSNB_NUM_THREADS is "{text}". Set it to a number of'
    assert len(lines) == 2
    assert all(line.startswith(message) for line in lines)


COUNTS: list[object] = ["3", 2.0, True, None, 0, -1, 2**70, -(1 << 20000)]


@pytest.mark.parametrize("count", COUNTS, ids=range(len(COUNTS)))
def test_numbers_of_threads_refused(count: object) -> None:
    with pytest.raises((TypeError, ValueError), match=r"n is .*; write|number of threads is"):
        keopsnb.set_num_threads(count)  # type: ignore[arg-type]
    keopsnb.set_num_threads(np.int8(2))  # type: ignore[arg-type]
    assert keopsnb.get_num_threads() == 2


# Law: a child process computes as its parent does, whatever the parent's threads were doing.

POOL = """
import warnings
warnings.filterwarnings("ignore", category=DeprecationWarning)  # of forking with threads
keopsnb.set_num_threads(4)
G = Genred("Exp(-SqDist(x, y))", ["x = Vi(3)", "y = Vj(3)"], axis=1)
random = np.random.default_rng(0)
x, y = (random.normal(size=(n, 3)) for n in (2000, 2000))
expected = G(x, y)
def same(_=0):
    return np.array_equal(G(x, y), expected)
"""


def test_fork() -> None:
    code = """
for _ in range(10):
    busy = threading.Thread(target=lambda: [same() for _ in range(20)])
    busy.start()
    child = os.fork()
    if child == 0:
        check()  # which the parent has not compiled
        os._exit(0 if same() and keopsnb.get_num_threads() == 4 else 1)
    assert os.waitpid(child, 0)[1] == 0
    busy.join()
    assert same()
"""
    python(POOL + code, {})


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
@pytest.mark.parametrize("executor", [False, True], ids=["Pool", "ProcessPoolExecutor"])
def test_multiprocessing(method: str, executor: bool, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        PREAMBLE
        + POOL
        + f"""
import concurrent.futures, multiprocessing
if __name__ == "__main__":
    context = multiprocessing.get_context({method!r})
    executor = concurrent.futures.ProcessPoolExecutor
    with executor(2, context) if {executor} else context.Pool(2) as pool:
        assert list(pool.map(same, range(8))) == [True] * 8
        # The reduction itself may be sent, too.
        call = pool.map if {executor} else lambda f, *args: pool.starmap(f, zip(*args))
        assert all(np.array_equal(a, expected) for a in call(G, [x] * 3, [y] * 3))
    assert same()
"""
    )
    python(f"import runpy; runpy.run_path({str(script)!r}, run_name='__main__')", {})


# Law: daemon threads that are inside calls when the interpreter ends do not disturb its end.

DAEMONS = {
    "long calls": "G(x, x)",
    "short calls": "G(x[:9], x[:9])",
    "calls that copy": "G(x[:9, ::-1], x[:9] > 0.5)",
    "compilations": "Genred(f'x*y*{next(number)}', ALIASES, axis=1)(x[:9], x[:9])",
}


@pytest.mark.parametrize("call", DAEMONS)
def test_the_interpreter_ends_amid_calls(call: str, tmp_path: Path) -> None:
    code = f"""
import itertools
ALIASES = ["x = Vi(3)", "y = Vj(3)"]
G = Genred("Exp(-SqDist(x, y))", ALIASES, axis=1)
x, number = np.random.default_rng(0).random((300_000, 3)), itertools.count(2)
G(x[:1], x[:1])
def work():
    while True:
        {DAEMONS[call]}
for _ in range(4):
    threading.Thread(target=work, daemon=True).start()
time.sleep(0.2)
"""
    for _ in range(2):
        python(code, {"KEOPSNB_CACHE_DIR": str(tmp_path), "KEOPSNB_NUM_THREADS": "3"})


def test_the_interpreter_ends_amid_gradients() -> None:
    pytest.importorskip("torch")
    code = """
import torch
from keopsnb.torch import Genred
G = Genred("Exp(-SqDist(x, y))", ["x = Vi(3)", "y = Vj(3)"], axis=1)
x = torch.rand(100_000, 3, requires_grad=True)
def work():
    while True:
        G(x, x).sum().backward()
for _ in range(2):
    threading.Thread(target=work, daemon=True).start()
time.sleep(0.3)
"""
    python(code, {})


def test_the_last_thread_goes_on() -> None:
    # A function of atexit that was there before the package runs after what stops the others.
    python("keopsnb._core._end(); check()", {})


# Law: Ctrl-C ends a call soon, with KeyboardInterrupt, and harms nothing.

# Shells start what runs in the background with SIGINT ignored.
INTERRUPTED = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)
begin = time.perf_counter()
try:
    long_call()
except KeyboardInterrupt:
    print("interrupted", time.perf_counter() - begin)
check()
"""


def interrupt(code: str, environment: dict[str, str], begun: Path) -> None:
    process = start(code + INTERRUPTED, environment)
    limit = time.monotonic() + 60
    while not begun.exists():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < limit
        time.sleep(0.01)
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    found = re.fullmatch(r"interrupted ([0-9.e-]+)\n", finish(process))
    assert found
    assert float(found[1]) < 10


@pytest.mark.parametrize("threads", [1, 3])
def test_ctrl_c_during_a_reduction(threads: int, tmp_path: Path) -> None:
    begun = tmp_path / "begun"
    code = f"""
keopsnb.set_num_threads({threads})
G = Genred("x * y", ["x = Vi(1)", "y = Vj(1)"], axis=1)
G(np.ones((1, 1)), np.ones((1, 1)))
def long_call():
    a = np.ones((10**7, 1))
    open({str(begun)!r}, "w").close()
    G(a, a)
"""
    interrupt(code, {}, begun)


def test_ctrl_c_during_a_compilation(tmp_path: Path) -> None:
    begun = tmp_path / "begun"
    compiler = Compiler(tmp_path, f"[ -e '{begun}' ] || {{ touch '{begun}'; sleep 60; }}")
    environment = {"KEOPSNB_CACHE_DIR": str(tmp_path / "c"), "KEOPSNB_CXX": str(compiler.path)}
    interrupt("long_call = check", environment, begun)
    assert len(compiler.compilations) == 2


# Law: memory is that of the arguments and the result, never of the matrix.


@pytest.mark.parametrize(("M", "N"), [(500, 2_000_000), (2_000_000, 500), (1, 4_000_000)])
def test_memory(M: int, N: int) -> None:
    code = f"""
import resource
G = Genred("x * y", ["x = Vi(1)", "y = Vj(1)"], axis=1)
x, y = (np.ones((n, 1), "float32") for n in ({M}, {N}))
G(x[:1], y[:1])
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
assert (G(x, y) == {N}).all()
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""
    grown = int(python(code, {"KEOPSNB_NUM_THREADS": "4"}))  # KiB on Linux
    assert grown < 4 * 8 * (M + N) / 1024 + 20_000
