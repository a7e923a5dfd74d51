"""Modules of `pykeops.numpy` that have no counterpart of the same name in `keopsnb.numpy`."""
