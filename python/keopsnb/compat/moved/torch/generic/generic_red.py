"""`pykeops.torch.generic.generic_red`."""

from keopsnb.torch import Genred as Genred
