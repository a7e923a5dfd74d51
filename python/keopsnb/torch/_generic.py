"""`generic_sum` and its like, for torch tensors."""

from keopsnb._generic import helper
from keopsnb.torch._genred import Genred

generic_sum = helper(Genred, "Sum")
generic_logsumexp = helper(Genred, "LogSumExp")
generic_argmin = helper(Genred, "ArgMin")
generic_argkmin = helper(Genred, "ArgKMin")
