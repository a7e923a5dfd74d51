"""Modules of `pykeops.torch.cluster` that `keopsnb.torch.cluster` has not of its own."""
