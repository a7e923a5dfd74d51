"""`pykeops.torch.operations`."""

from keopsnb.torch import KernelSolve as KernelSolve
