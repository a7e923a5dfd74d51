"""A part that a symbolic matrix repeats is once in its graph, its text, its pickle, its kernel."""

import pickle

import numpy as np
import pytest

from keopsnb import FormulaError, _core
from keopsnb.numpy import Genred, LazyTensor, Vi, Vj

RANDOM = np.random.default_rng(0)
X, Y = (RANDOM.random((n, 2)) * 0.1 for n in (7, 5))


def steps(count: int) -> LazyTensor:
    """A formula that uses each step three times in the next."""
    K: LazyTensor = (Vi(X) - Vj(Y)).sum(-1)
    for _ in range(count):
        K = K + K.sin() * K
    return K


# Law: text and pickle grow with the number of distinct parts, and the text is the same formula.
@pytest.mark.parametrize("count", [0, 1, 2, 12, 100])
def test_texts_grow_with_parts(count: int) -> None:
    K = steps(count)
    assert len(K.formula) < 60 + 40 * count
    assert len(pickle.dumps(K)) < 2000 + 60 * count
    aliases = ["v0 = Vi(2)", "v1 = Vj(2)"]
    routine = _core.Reduction(K.formula, aliases)
    assert str(routine.formula) == K.formula
    assert routine.source() == _core.Reduction(_core.Graph.expr(K.form), aliases).source()


# Law: a formula alone is itself again, wherever it comes from; one that needs a header is refused.
@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_formulas_are_pickled(protocol: int) -> None:
    p = LazyTensor((3, 2, 2))
    formulas = [_core.Graph.expr(K.form) for K in (Vi(X), steps(3), steps(1) * 2.5 - p)]
    texts = ["IfElse(x - 0.1, Grad(Exp(-SqDist(x, y)), y, 1), Zero(2))", "1e-300 * y"]
    formulas += [_core.Reduction(text, ["x = Vi(2)", "y = Vj(2)"]).formula for text in texts]
    for formula in formulas:
        again = pickle.loads(pickle.dumps(formula, protocol))
        assert again == formula
        assert hash(again) == hash(formula)
        assert (again.dim, again.source) == (formula.dim, formula.source)
    own = "KEOPSNB_UNARY_OPERATION(Cube, cube, a * a * a, 3_c * a * a)"
    with pytest.raises(TypeError, match="without its header: There is no operation 'Cube'"):
        pickle.dumps(_core.Reduction("Cube(x)", ["x = Vi(2)"], header=own).formula, protocol)


# Law: so do the kernel's source, and the value is that of the parts one after the other.
@pytest.mark.parametrize("count", [1, 6, 20])
def test_kernels_grow_with_parts(count: int) -> None:
    K = steps(count)
    source = _core.Reduction(K.formula, ["v0 = Vi(2)", "v1 = Vj(2)"]).source()
    assert len(source) < 1000 + 1000 * count
    d = (X[:, None] - Y).sum(-1)
    for _ in range(count):
        d = d + np.sin(d) * d
    np.testing.assert_allclose(K.sum(1)[:, 0], d.sum(1), rtol=1e-9)
    again = pickle.loads(pickle.dumps(K))
    assert again.form == K.form
    assert np.array_equal(again.sum(1), K.sum(1))


# Law: equal formulas are one node, whichever way they were made.
def test_equal_formulas_are_one() -> None:
    one, other = Vi(X) - Vj(Y), Vi(X.copy()) - Vj(Y.copy())
    assert (one**2).form == (other.square()).form
    assert (one * one).form != (one * other).form


# Law: a name in a text is its formula, and derivatives of such texts are those of the formula.
def test_names_in_texts() -> None:
    aliases = ["x = Vi(2)", "y = Vj(2)"]
    named = Genred("r = Sqrt(SqDist(x, y))\n(1 + r) * Exp(-r)", aliases, axis=1)
    plain = Genred("(1 + Sqrt(SqDist(x, y))) * Exp(-Sqrt(SqDist(x, y)))", aliases, axis=1)
    assert np.array_equal(named(X, Y), plain(X, Y))
    with pytest.raises(FormulaError, match=r"There is a variable 'x' already"):
        Genred("x = 2; x", aliases)


# Law: a formula that is too deep is refused, and what was made of it goes without harm.
def test_deep_formulas() -> None:
    K = Vi(X).elem(0)
    while K.formula.count("Sin") < 998:
        K = K.sin()
    for deeper in (K.sin, lambda: K**2, lambda: K**3, lambda: K**0.5):
        with pytest.raises(FormulaError, match="more than 1000 operations inside one another"):
            deeper()


# Law: whether a formula is an index is told in a time that its distinct parts take.
def test_indices_of_shared_parts() -> None:
    names = "".join(f"a{k} = a{k - 1} + a{k - 1}; " for k in range(1, 60))
    text = f"a0 = k + k; {names}Take(f, a59)"
    assert _core.Reduction(text, ["k = Vi(1)", "f = Vj(5)"]).dim == 1


# Law: a graph is over the variables that the aliases beside it declare.
@pytest.mark.parametrize("aliases", [["x = Vj(3)"], ["x = Vi(2)"], []])
def test_graphs_fit_their_aliases(aliases: list[str]) -> None:
    formula = _core.Reduction("x", ["x = Vj(2)"]).formula
    with pytest.raises(ValueError, match="a j-variable of dimension 2, and the aliases declare"):
        _core.Reduction(formula, aliases)


# Law: what could not be made is refused each time it is asked for.
def test_what_is_refused_is_refused_again() -> None:
    wide = ["x = Vi(600000)", "y = Vj(600000)"]
    reduction = _core.Reduction("x * y", wide, "Max_SumShiftExp", 1)
    for _ in range(2):
        with pytest.raises(ValueError, match="the greatest dimension is 1000000"):
            reduction.kernels([False, False])
    both = _core.Reduction("x | y", wide, "Sum", 1)
    assert [positions for _, positions, *_ in both.gradients([True, True], True)] == [[0], [1]]
