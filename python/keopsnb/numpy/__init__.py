"""Reductions of NumPy arrays."""

from keopsnb._paths import moved
from keopsnb.numpy import cluster as cluster
from keopsnb.numpy._generic import generic_argkmin as generic_argkmin
from keopsnb.numpy._generic import generic_argmin as generic_argmin
from keopsnb.numpy._generic import generic_logsumexp as generic_logsumexp
from keopsnb.numpy._generic import generic_sum as generic_sum
from keopsnb.numpy._genred import Genred as Genred
from keopsnb.numpy._lazy import ComplexLazyTensor as ComplexLazyTensor
from keopsnb.numpy._lazy import LazyTensor as LazyTensor
from keopsnb.numpy._lazy import Pm as Pm
from keopsnb.numpy._lazy import Vi as Vi
from keopsnb.numpy._lazy import Vj as Vj
from keopsnb.numpy._solve import ConvergenceError as ConvergenceError
from keopsnb.numpy._solve import KernelSolve as KernelSolve

__path__.append(moved("numpy"))
