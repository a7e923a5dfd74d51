"""`pykeops.numpy.operations`."""

from keopsnb.numpy import KernelSolve as KernelSolve
