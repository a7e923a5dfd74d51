"""`pykeops.numpy.generic.generic_red`."""

from keopsnb.numpy import Genred as Genred
