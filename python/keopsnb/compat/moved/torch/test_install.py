"""`pykeops.torch.test_install`."""

from keopsnb.compat.package import test_torch_bindings as test_torch_bindings
