"""Reductions of torch tensors, differentiable to any order."""

from keopsnb._generic import helper
from keopsnb._paths import moved
from keopsnb.torch import cluster as cluster
from keopsnb.torch._genred import Genred as Genred
from keopsnb.torch._lazy import ComplexLazyTensor as ComplexLazyTensor
from keopsnb.torch._lazy import LazyTensor as LazyTensor
from keopsnb.torch._lazy import Pm as Pm
from keopsnb.torch._lazy import Vi as Vi
from keopsnb.torch._lazy import Vj as Vj
from keopsnb.torch._solve import AccuracyWarning as AccuracyWarning
from keopsnb.torch._solve import ConvergenceError as ConvergenceError
from keopsnb.torch._solve import KernelSolve as KernelSolve

generic_argkmin = helper(Genred, "ArgKMin")
generic_argmin = helper(Genred, "ArgMin")
generic_logsumexp = helper(Genred, "LogSumExp")
generic_sum = helper(Genred, "Sum")

__path__.append(moved("torch"))
