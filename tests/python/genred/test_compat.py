"""Law: programs written for pykeops run, by a change of name in their imports or by an alias."""

import importlib
import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import keopsnb
import keopsnb.compat

TORCH = importlib.util.find_spec("torch") is not None
needs_torch = pytest.mark.skipif(not TORCH, reason="needs torch")
FRONT_ENDS = ["numpy", pytest.param("torch", marks=needs_torch)]


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error", *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def alias() -> Any:
    """The name pykeops, for one test; a pykeops that is imported already is put back."""
    kept = {k: v for k, v in sys.modules.items() if k.partition(".")[0] in ("pykeops", "keopscore")}
    for name in kept:
        del sys.modules[name]
    keopsnb.compat.install()
    yield
    keopsnb.compat.uninstall()
    sys.modules.update(kept)


# Law: pykeops' names are at their places.

TOP = (
    "check_health clean_pykeops common config default_device_id get_build_folder numpy_found "
    "set_build_folder set_verbose show_cuda_status test_numpy_bindings test_torch_bindings "
    "torch_found verbose __version__"
)
OF_FRONT_ENDS = {
    "": "Genred KernelSolve LazyTensor ComplexLazyTensor Vi Vj Pm generic_sum generic_logsumexp "
    "generic_argmin generic_argkmin",
    ".cluster": "grid_cluster cluster_ranges cluster_centroids cluster_ranges_centroids "
    "sort_clusters from_matrix swap_axes",
    ".cluster.grid_cluster": "grid_cluster",
    ".cluster.matrix": "from_matrix",
    ".cluster.utils": "cluster_ranges cluster_centroids cluster_ranges_centroids sort_clusters",
    ".operations": "KernelSolve",
    ".generic.generic_red": "Genred",
    ".generic.generic_ops": "generic_sum generic_logsumexp generic_argmin generic_argkmin",
    ".lazytensor.LazyTensor": "LazyTensor ComplexLazyTensor Var Vi Vj Pm GenericLazyTensor "
    "ComplexGenericLazyTensor",
}
UTILS = {
    "numpy": "squared_distances differences np_kernel log_np_kernel grad_np_kernel WarmUpGpu "
    "np_kernel_sphere chain_rules log_sum_exp numpytools",
    "torch": "squared_distances torch_kernel is_on_device torchtools",
}
COMMON = {
    "config": "gpu_available numpy_found torch_found get_build_folder",
    "common.utils": "axis2cat cat2axis get_tools WarmUpGpu max_tuple check_broadcasting "
    "pyKeOps_Print pyKeOps_Message pyKeOps_Warning",
    "common.gpu_utils": "get_gpu_number",
    "common.operations": "ConjugateGradientSolver KernelLinearSolver",
    "common.parse_type": "categories get_type get_sizes",
    "common.lazy_tensor": "GenericLazyTensor ComplexGenericLazyTensor is_complex_lazytensor",
}
PLACES = [("", name) for name in TOP.split()]
PLACES += [(f".{m}", name) for m, names in COMMON.items() for name in names.split()]


@pytest.mark.parametrize("package", ["keopsnb", "pykeops"])
@pytest.mark.parametrize(("module", "name"), PLACES)
def test_names(package: str, module: str, name: str, alias: None) -> None:
    assert hasattr(importlib.import_module(package + module), name)


@pytest.mark.parametrize("package", ["keopsnb", "pykeops"])
@pytest.mark.parametrize("front_end", FRONT_ENDS)
def test_names_of_front_ends(front_end: str, package: str, alias: None) -> None:
    places = OF_FRONT_ENDS | {
        ".utils": UTILS[front_end],
        ".test_install": f"test_{front_end}_bindings",
    }
    for module, names in places.items():
        found = importlib.import_module(f"{package}.{front_end}{module}")
        assert [name for name in names.split() if not hasattr(found, name)] == []


@pytest.mark.parametrize("front_end", FRONT_ENDS)
def test_a_class_is_one_class_at_all_its_places(front_end: str, alias: None) -> None:
    here = importlib.import_module(f"keopsnb.{front_end}")
    moved = importlib.import_module(f"pykeops.{front_end}.lazytensor.LazyTensor")
    assert importlib.import_module(f"pykeops.{front_end}") is here
    assert moved.LazyTensor is here.LazyTensor
    assert (
        importlib.import_module(f"keopsnb.{front_end}.operations").KernelSolve is here.KernelSolve
    )
    base = importlib.import_module("pykeops.common.lazy_tensor").GenericLazyTensor
    assert issubclass(here.LazyTensor, base)


@pytest.mark.parametrize("front_end", FRONT_ENDS)
def test_a_file_and_its_function_have_one_name(front_end: str, alias: None) -> None:
    for package in ("pykeops", "keopsnb"):
        cluster = importlib.import_module(f"{package}.{front_end}.cluster")
        importlib.import_module(f"{package}.{front_end}.cluster.grid_cluster")
        tools = importlib.import_module(front_end)
        assert cluster.grid_cluster(tools.ones((3, 2)), size=0.5).tolist() == [0, 0, 0]


def test_unknown_names_are_errors() -> None:
    with pytest.raises(AttributeError, match="keopsnb.*nothing"):
        _ = keopsnb.nothing
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("keopsnb.common.keops_io")


def test_names_cost_nothing_until_they_are_asked_for() -> None:
    code = (
        "import keopsnb, sys; sub = [m for m in sys.modules if m.startswith('keopsnb.')]; "
        "assert not any('compat' in m or 'numpy' in m for m in sub), sub; "
        "keopsnb.set_verbose(False); assert not keopsnb.verbose; assert 'numpy' not in sys.modules"
    )
    assert run("-c", code).stderr == ""


# Law: functions of the package do what they say.


def test_build_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usual = keopsnb.get_build_folder()
    monkeypatch.setenv("KEOPSNB_CACHE_DIR", os.environ["KEOPSNB_CACHE_DIR"])
    keopsnb.set_build_folder(tmp_path / "kernels")
    assert keopsnb.get_build_folder() == str(tmp_path / "kernels")
    from keopsnb.numpy import Genred

    # A formula of its own: kernels that the process holds are not made again.
    x = np.ones((2, 1))
    Genred("x * y + 129.25", ["x = Vi(1)", "y = Vj(1)"])(x, x)
    made = list((tmp_path / "kernels").rglob("*.so"))
    keopsnb.clean_pykeops()
    assert len(made) == 1
    assert list((tmp_path / "kernels").rglob("*.so")) == []
    keopsnb.set_build_folder()
    assert keopsnb.get_build_folder() == usual


@pytest.mark.parametrize("verbose", [True, False])
def test_verbose(
    verbose: bool, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from keopsnb.common.utils import pyKeOps_Message
    from keopsnb.compat import package

    monkeypatch.setattr(package, "verbose", not verbose)
    keopsnb.set_verbose(verbose)
    assert keopsnb.verbose == verbose
    pyKeOps_Message("hello")
    assert ("hello" in capsys.readouterr().out) == verbose


def test_check_health(capsys: pytest.CaptureFixture[str]) -> None:
    keopsnb.check_health()
    assert keopsnb.__version__ in capsys.readouterr().out


def test_without_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    from keopsnb import _core, config
    from keopsnb.common.gpu_utils import get_gpu_number

    monkeypatch.setattr(_core, "cuda_info", lambda: {"CUDA driver": "none", "NVRTC": "none"})
    assert (get_gpu_number(), config.gpu_available, keopsnb.show_cuda_status) == (0, False, False)
    rows = {"GPU 0": "a", "GPU 0 kernels": "sm_90", "GPU 1": "b", "GPU 1 kernels": "sm_90"}
    monkeypatch.setattr(_core, "cuda_info", lambda: rows)
    assert (get_gpu_number(), config.gpu_available, keopsnb.show_cuda_status) == (2, True, True)


def test_axes_and_broadcasting() -> None:
    from keopsnb.common.utils import axis2cat, cat2axis, check_broadcasting

    assert [axis2cat(0), axis2cat(1), cat2axis(0), cat2axis(1)] == [1, 0, 1, 0]
    assert check_broadcasting((2, 1), (3,)) == (2, 3)
    assert check_broadcasting(None, (3,)) == (3,)
    with pytest.raises(ValueError, match="broadcast"):
        check_broadcasting((2,), (3,))
    for wrong in (axis2cat, cat2axis):
        with pytest.raises(ValueError, match="2"):
            wrong(2)


@pytest.mark.parametrize(
    ("alias_text", "expected"),
    [
        ("x = Vi(3)", ("x", 0, 3, 5)),
        ("y=Vj( 1 , 3 )", ("y", 1, 3, 1)),
        ("Pm(2)", (None, 2, 2, 5)),
        ("x = Vx(4)", ("x", 0, 4, 5)),
        ("Var(0, 3, 1)", (None, 1, 3, 0)),
    ],
)
def test_aliases_are_read(alias_text: str, expected: tuple[Any, ...]) -> None:
    from keopsnb.common.parse_type import get_sizes, get_type

    assert get_type(alias_text, 5) == expected
    with pytest.raises(ValueError, match="Vi"):
        get_type("x = 3")
    assert get_sizes(["x = Vi(1)", "p = Pm(1)"], np.zeros((4, 1)), np.zeros(1)) == (4, 1)


@pytest.mark.parametrize("precond", [False, True])
@pytest.mark.parametrize("front_end", FRONT_ENDS)
def test_linear_systems(front_end: str, precond: bool) -> None:
    from keopsnb.common.operations import ConjugateGradientSolver, KernelLinearSolver

    rng = np.random.default_rng(0)
    x, b = rng.random((31, 2)), rng.random((31, 1))
    K = np.exp(-((x[:, None] - x[None]) ** 2).sum(-1) / 0.25)
    expected = np.linalg.solve(K + 0.1 * np.eye(31), b)
    as_array = np.asarray
    if front_end == "torch":
        import torch

        as_array = torch.from_numpy
    kernel = ("gaussian", 2, 1, 0.5)
    a = KernelLinearSolver(front_end, kernel, as_array(x), as_array(b), 0.1, 1e-10, precond)
    np.testing.assert_allclose(np.asarray(a), expected, rtol=1e-6)
    A = as_array(K + 0.1 * np.eye(31))
    a = ConjugateGradientSolver(front_end, lambda v: A @ v, as_array(b[:, 0]), 1e-10)
    np.testing.assert_allclose(np.asarray(a), expected[:, 0], rtol=1e-6)
    with pytest.raises(ValueError, match="alpha"):
        KernelLinearSolver(front_end, kernel, as_array(x), as_array(b), precond=True)


SQUARED = {
    "gaussian": lambda r: np.exp(-r),
    "laplacian": lambda r: np.exp(-np.sqrt(r)),
    "cauchy": lambda r: 1 / (1 + r),
    "inverse_multiquadric": lambda r: 1 / np.sqrt(1 + r),
}


@pytest.mark.parametrize("kernel", SQUARED)
def test_dense_kernels(kernel: str) -> None:
    from keopsnb.numpy import utils

    rng = np.random.default_rng(1)
    x, y, s = rng.random((5, 3)), rng.random((7, 3)), 0.7
    r = ((x[:, None] - y[None]) ** 2).sum(-1)
    k = SQUARED[kernel]
    np.testing.assert_allclose(utils.np_kernel(x, y, s, kernel), k(r / s**2))
    np.testing.assert_allclose(utils.log_np_kernel(x, y, s, kernel), np.log(k(r / s**2)))
    slope = (k((r + 1e-6) / s**2) - k((r - 1e-6) / s**2)) / 2e-6
    np.testing.assert_allclose(utils.grad_np_kernel(x, y, s, kernel), slope, rtol=1e-6)
    with pytest.raises(ValueError, match="gaussian"):
        utils.np_kernel(x, y, s, "other")
    if TORCH:
        import torch

        from keopsnb.torch.utils import torch_kernel

        dense = torch_kernel(torch.from_numpy(x), torch.from_numpy(y), s, kernel)
        np.testing.assert_allclose(dense.numpy(), k(r / s**2))


def test_dense_helpers() -> None:
    from keopsnb.numpy import utils

    rng = np.random.default_rng(1)
    x, y, q, p, A = (rng.random(s) for s in ((5, 3), (7, 3), (5, 2), (7, 2), (5, 7)))
    expected = 2 * np.einsum("ijd,ij,ie,je->id", x[:, None] - y[None], A, q, p)
    np.testing.assert_allclose(utils.chain_rules(q, x, y, A, p), expected)
    np.testing.assert_allclose(utils.log_sum_exp(A + 1e3, 1), 1e3 + np.log(np.exp(A).sum(1)))
    np.testing.assert_allclose(utils.differences(x, y)[2], x[:, None, 2] - y[None, :, 2])
    c = x @ y.T
    np.testing.assert_allclose(
        utils.np_kernel_sphere(x, y, 0.5, "gaussian_unoriented"), np.exp((c**2 - 1) * 8)
    )


def test_switches_of_keopscore_are_kept(alias: None) -> None:
    keopscore = importlib.import_module("keopscore")
    chunks = importlib.import_module("keopscore.config.chunks")
    chunks.set_enable_chunk(False)
    assert not chunks.get_enable_chunk()
    chunks.set_enable_chunk(True)
    chunks.set_dimfinalchunk(64)
    chunks.set_enable_finalchunk(True)
    chunks.set_mult_var_highdim(False)
    keopscore.auto_factorize = True
    keopscore.auto_factorize = False
    assert keopscore.build_folder == keopscore.config.config.get_build_folder()
    assert keopscore.__version__ == "2.3"


# Law: the alias is whole, or not there.


def test_alias_refuses_to_mix(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pykeops", sys.modules[__name__])
    with pytest.raises(RuntimeError, match="imported already.*compat.install"):
        keopsnb.compat.install()
    assert keopsnb.compat.alias._finder not in sys.meta_path


def test_alias_comes_and_goes(alias: None) -> None:
    keopsnb.compat.install()
    import pykeops
    import pykeops.numpy as pknp
    from pykeops.numpy.cluster import grid_cluster

    assert pknp is keopsnb.numpy
    assert grid_cluster is keopsnb.numpy.cluster.grid_cluster
    assert pykeops.__version__ == "2.3"
    assert pykeops.numpy is pknp
    assert pknp.__spec__.name == "keopsnb.numpy"
    with pytest.raises(ModuleNotFoundError, match="code generator"):
        importlib.import_module("pykeops.common.keops_io")
    keopsnb.compat.uninstall()
    assert [m for m in sys.modules if m.partition(".")[0] in ("pykeops", "keopscore")] == []
    keopsnb.compat.uninstall()


def test_truth_of_a_matrix(alias: None) -> None:
    from keopsnb.numpy import Vi

    K = Vi(np.zeros((2, 1)))
    with pytest.warns(RuntimeWarning, match="counts as true"):
        assert K >= 0
    keopsnb.compat.uninstall()
    with pytest.raises(TypeError, match="neither true nor false"):
        assert K >= 0


PROGRAM = """
import sys
from pykeops.numpy import LazyTensor, Vi
import pykeops
if __name__ == "__main__":
    print(sys.argv[1:], LazyTensor.__module__, pykeops.__version__, __name__)
"""


@pytest.mark.parametrize("as_module", [False, True])
def test_command_line(as_module: bool, tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(PROGRAM)
    what = ["-m", "program"] if as_module else [str(tmp_path / "program.py")]
    done = run("-m", "keopsnb.compat", *what, "-m", "--flag", PYTHONPATH=with_path(tmp_path))
    assert done.stderr == ""
    assert done.stdout == "['-m', '--flag'] keopsnb.numpy._lazy 2.3 __main__\n"


def with_path(folder: Path) -> str:
    return os.pathsep.join([str(folder), *filter(None, [os.environ.get("PYTHONPATH")])])


@pytest.mark.parametrize("arguments", [[], ["-m"]])
def test_command_line_refuses(arguments: list[str]) -> None:
    done = run("-m", "keopsnb.compat", *arguments)
    assert done.returncode == 2
    assert "usage: python -m keopsnb.compat" in done.stderr


# Law: integers of any kind are integers.


@pytest.mark.parametrize("K", [2, np.int64(2), np.array(2, np.uint8)])
def test_number_of_neighbours(K: Any) -> None:
    from keopsnb.numpy import Vi, Vj

    x = np.arange(5.0)[:, None]
    nearest = Vi(x).sqdist(Vj(x)).argKmin(K, axis=1)
    np.testing.assert_array_equal(nearest, [[0, 1], [1, 0], [2, 1], [3, 2], [4, 3]])


def test_a_trace_needs_no_value_of_its_variable() -> None:
    from keopsnb.numpy import LazyTensor, Vi, Vj

    x, y = np.arange(6.0).reshape(2, 3), np.ones((4, 3))
    v = LazyTensor((0, 3, 0))
    trace = ((v | Vj(y)) * Vi(x)).trace_operator(v)
    np.testing.assert_allclose(trace.sum(axis=1), 4 * x.sum(1, keepdims=True))
