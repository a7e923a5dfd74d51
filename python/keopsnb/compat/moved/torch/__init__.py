"""Modules of `pykeops.torch` that have no counterpart of the same name in `keopsnb.torch`."""
