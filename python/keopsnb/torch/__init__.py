"""Reductions of torch tensors, differentiable to any order."""

from keopsnb.torch._genred import Genred as Genred
