"""`pykeops.numpy.cluster.grid_cluster`."""

from keopsnb.numpy.cluster import grid_cluster as grid_cluster
