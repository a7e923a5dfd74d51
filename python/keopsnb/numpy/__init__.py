"""Reductions of NumPy arrays."""

from keopsnb.numpy._genred import Genred as Genred
