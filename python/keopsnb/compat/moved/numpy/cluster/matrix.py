"""`pykeops.numpy.cluster.matrix`."""

from keopsnb.numpy.cluster import from_matrix as from_matrix
