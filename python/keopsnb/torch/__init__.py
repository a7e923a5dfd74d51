"""Reductions of torch tensors, differentiable to any order."""

from keopsnb._paths import moved
from keopsnb.torch import cluster as cluster
from keopsnb.torch._generic import generic_argkmin as generic_argkmin
from keopsnb.torch._generic import generic_argmin as generic_argmin
from keopsnb.torch._generic import generic_logsumexp as generic_logsumexp
from keopsnb.torch._generic import generic_sum as generic_sum
from keopsnb.torch._genred import Genred as Genred
from keopsnb.torch._lazy import ComplexLazyTensor as ComplexLazyTensor
from keopsnb.torch._lazy import LazyTensor as LazyTensor
from keopsnb.torch._lazy import Pm as Pm
from keopsnb.torch._lazy import Vi as Vi
from keopsnb.torch._lazy import Vj as Vj
from keopsnb.torch._solve import AccuracyWarning as AccuracyWarning
from keopsnb.torch._solve import ConvergenceError as ConvergenceError
from keopsnb.torch._solve import KernelSolve as KernelSolve

__path__.append(moved("torch"))
