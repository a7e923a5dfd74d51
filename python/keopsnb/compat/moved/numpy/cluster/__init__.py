"""Modules of `pykeops.numpy.cluster` that `keopsnb.numpy.cluster` has not of its own."""
