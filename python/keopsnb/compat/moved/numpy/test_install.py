"""`pykeops.numpy.test_install`."""

from keopsnb.compat.package import test_numpy_bindings as test_numpy_bindings
