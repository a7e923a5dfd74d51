"""Results that go to a tensor of the caller's, `out`.

A kernel writes there itself where no derivative is wanted. Otherwise the result is copied there, an
operation that autograd knows: `out` then carries the graph, as a tensor does that is written to in
place.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from keopsnb.torch._context import is_traced


def check_writable(out: Any) -> None:
    """Check that autograd lets `out` be overwritten.

    Raises:
        TypeError: if it is no tensor.
        ValueError: if it does not.
    """
    if not isinstance(out, Tensor):
        raise TypeError(f"out is a {type(out).__name__}; write torch.empty(...) to make a tensor.")
    base = out._base if out._is_view() else out
    if torch.is_grad_enabled() and base is not None and base.is_leaf and base.requires_grad:
        raise ValueError(
            f"out is {'' if base is out else 'a view of '}a leaf that requires a gradient, which "
            "writing to it would leave without one; write out=out.detach(), or give another tensor."
        )
    if out.is_inference() and not torch.is_inference_mode_enabled():
        raise ValueError(
            "out was made in inference mode, and no graph can be attached to it; make it outside, "
            "or call under torch.no_grad()."
        )


def written(result: Any, out: Tensor, args: Sequence[Tensor] = ()) -> Tensor:
    """The result, copied to `out`; derivatives go on from there.

    Raises:
        TypeError: if `out` has another dtype or device than the result.
        ValueError: if it has another shape, no memory of its own, or may not be overwritten.
    """
    if not isinstance(result, Tensor):
        raise ValueError("out was given, and this reduction returns two tensors; leave it out.")
    if out.dtype != result.dtype:
        kinds = (str(a.dtype).removeprefix("torch.") for a in (out, result))
        raise TypeError("out is {}, and the result is {}.".format(*kinds))
    if out.shape != result.shape:
        raise ValueError(
            f"out should have shape {tuple(result.shape)}, and has shape {tuple(out.shape)}."
        )
    if out.device != result.device:
        raise TypeError(f"out is on device '{out.device}', and the result on '{result.device}'.")
    if not torch.compiler.is_compiling() and not is_traced((out, *args)):
        if not out.is_contiguous():
            raise ValueError("out is not contiguous; write torch.empty(...) to make one.")
        check_writable(out)
        if any(_overlap(out, a) for a in args):
            raise ValueError("out shares memory with an argument; give an array of its own.")
    return out.copy_(result)


def _overlap(a: Tensor, b: Tensor) -> bool:
    if a.device != b.device or not a.numel() or not b.numel():
        return False
    try:
        begins = a.data_ptr(), b.data_ptr()
    except RuntimeError:  # of a transform: no memory that can be seen
        return False
    return begins[0] < _end(b) and begins[1] < _end(a)


def _end(a: Tensor) -> int:
    steps = zip(a.shape, a.stride(), strict=True)
    return a.data_ptr() + (1 + sum((n - 1) * step for n, step in steps)) * a.element_size()
