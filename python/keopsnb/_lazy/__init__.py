"""Symbolic matrices: what the LazyTensors of all front ends have in common."""
