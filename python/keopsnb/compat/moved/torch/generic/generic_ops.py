"""`pykeops.torch.generic.generic_ops`."""

from keopsnb.torch import generic_argkmin as generic_argkmin
from keopsnb.torch import generic_argmin as generic_argmin
from keopsnb.torch import generic_logsumexp as generic_logsumexp
from keopsnb.torch import generic_sum as generic_sum
