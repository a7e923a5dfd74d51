"""`pykeops.numpy.generic.generic_ops`."""

from keopsnb.numpy import generic_argkmin as generic_argkmin
from keopsnb.numpy import generic_argmin as generic_argmin
from keopsnb.numpy import generic_logsumexp as generic_logsumexp
from keopsnb.numpy import generic_sum as generic_sum
