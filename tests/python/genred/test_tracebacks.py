"""A traceback shows the program that called, not the package's own frames."""

import functools
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import keopsnb
from keopsnb.numpy import Genred, KernelSolve, LazyTensor, Pm, Vi, Vj

ALIASES = ["x = Vi(3)", "y = Vj(3)"]
X, Y, B = np.ones((5, 3)), np.ones((4, 3)), np.ones((4, 1))
PACKAGE = str(Path(keopsnb.__file__).parent)


def own_frames(call: Callable[[], Any]) -> list[str]:
    """The names of the package's functions in the traceback of a call's error."""
    with pytest.raises(Exception) as caught:  # noqa: PT011
        call()
    frames = traceback.extract_tb(caught.tb)
    return [frame.name for frame in frames if frame.filename.startswith(PACKAGE)]


# Law: an error leaves at most two frames of the package above the program's own.

REDUCTION = Genred("SqDist(x, y)", ALIASES, axis=1)
MEAN = Genred("SqDist(x, y)", ALIASES, "Mean", axis=1)
CALLS: dict[str, Callable[[], Any]] = {
    "formula": lambda: Genred("foo(x)", ALIASES),
    "alias": lambda: Genred("x", ["x = Wi(3)"]),
    "axis": lambda: Genred("x", ALIASES, axis=5),
    "option": lambda: Genred("x", ALIASES, sum_scheme="a"),
    "integer": lambda: Genred("x|y", ALIASES, "KMin", opt_arg=2.0),  # type: ignore[arg-type]
    "large integer": lambda: Genred("x|y", ALIASES, "KMin", opt_arg=2**70),
    "header": lambda: Genred("x", ALIASES, header="/no/such/file"),
    "shape": lambda: REDUCTION(X[:, :2], Y),
    "kind": lambda: REDUCTION([1.0], Y),  # type: ignore[arg-type]
    "ranges": lambda: REDUCTION(X, Y, ranges=()),
    "composition": lambda: MEAN(X[:, :2], Y),
    "GPU": lambda: REDUCTION(X, Y, backend="GPU", device_id=99),
    "rows": lambda: Vi(X) + Vi(Y),
    "dimensions": lambda: Vi(X) - Vj(Y[:, :2]),
    "method": lambda: (Vi(X) - Vj(Y)).elem(7),
    "static method": lambda: LazyTensor.cat((Vi(X), "a")),
    "K": lambda: (Vi(X) | Vj(Y)).Kmin(K=99, axis=1),
    "no K": lambda: (Vi(X) | Vj(Y)).argKmin(K="a", axis=1),  # type: ignore[arg-type]
    "large K": lambda: (Vi(X) | Vj(Y)).argKmin(K=2**70, axis=1),
    "axis of a matrix": lambda: (Vi(X) | Vj(Y)).sum(axis=9),
    "backend": lambda: (Vi(X) | Vj(Y)).sum(axis=1, backend="cuda"),
    "product": lambda: (Vi(X) | Vj(Y)) @ np.ones(9),
    "index": lambda: Vi(X)["a"],
    "call": lambda: Vi(X)(1),
    "variable": lambda: Vi(np.ones(())),
    "parameter": lambda: Pm("a"),
    "complex": lambda: Vi(X + 1j) // Vj(Y),
    "NumPy's function": lambda: np.add(Vi(X), Vi(Y)),
    "matrix to solve": lambda: (Vi(X) | Vj(X)).solve(np.ones(3)),
    "name to solve": lambda: KernelSolve("x*b", ["x=Vi(1)", "b=Vj(1)"], "c", axis=1),
    "system": lambda: KernelSolve("x*y*b", ["x=Vi(1)", "y=Vj(1)", "b=Vj(1)"], "b")(B, B, X),
    "compile": lambda: keopsnb.compile("foo(x)", ALIASES),
    "target": lambda: keopsnb.compile("x", ALIASES, target="sm_1"),
    "threads": lambda: keopsnb.set_num_threads(0),
}


@pytest.mark.parametrize("name", CALLS)
def test_frames(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(own_frames(CALLS[name])) <= 2
    monkeypatch.setenv("KEOPSNB_TRACEBACK", "full")
    assert len(own_frames(CALLS[name])) >= (name != "threads")


def test_compile_errors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEOPSNB_CACHE_DIR", str(tmp_path))
    monkeypatch.setenv("KEOPSNB_CXX", "/bin/false")
    assert len(own_frames(lambda: Genred("x - 3.25*y", ALIASES, axis=1)(X, Y))) <= 2
    K = (Vi(X) - 3.75 * Vj(Y)).sum(-1)
    assert own_frames(lambda: K @ B) == ["__matmul__"]
    monkeypatch.setenv("KEOPSNB_TRACEBACK", "full")
    assert len(own_frames(lambda: K @ B)) > 3


# Law: what the program itself was called for is shown, and so are mistakes of the package.


def test_callbacks_are_shown() -> None:
    def callback(*_: object) -> None:
        raise ValueError("from the callback")

    K = (-((Vi(X) - Vj(X)) ** 2).sum(-1)).exp()
    with pytest.raises(ValueError, match="from the callback") as caught:
        K.solve(np.ones((5, 1)), alpha=1.0, callback=callback)
    assert [frame.name for frame in traceback.extract_tb(caught.tb)].count("callback") == 1


def test_mistakes_are_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        return [].missing  # type: ignore[attr-defined]

    fails.__globals__  # noqa: B018
    inside = type(fails)(fails.__code__, {"__name__": "keopsnb.inside"}, "fails")
    monkeypatch.setattr("keopsnb.numpy._genred.as_arrays", inside)
    with pytest.raises(AttributeError) as caught:
        REDUCTION(X, Y)
    assert traceback.extract_tb(caught.tb)[-1].name == "fails"


def test_classes_of_programs_are_left_alone() -> None:
    class Own(LazyTensor):
        double = staticmethod(functools.partial(max, 2))

        def twice(self) -> Any:
            return self * 2

    assert not hasattr(Own.twice, "__wrapped__")
    assert Own.double(3) == 3
    assert Own(X[:, None]).twice().shape == Own(X[:, None]).shape


def test_names_and_signatures_are_kept() -> None:
    import inspect

    assert LazyTensor.Kmin.__name__ == "Kmin"
    assert "K" in inspect.signature(LazyTensor.Kmin).parameters
    assert Vi.__doc__
    assert "axis" in inspect.signature(Genred).parameters


def test_warnings_name_the_caller() -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        Genred("x", ALIASES, dtype="float32")
    assert caught[0].filename == __file__
