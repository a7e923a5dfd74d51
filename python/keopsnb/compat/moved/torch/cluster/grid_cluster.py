"""`pykeops.torch.cluster.grid_cluster`."""

from keopsnb.torch.cluster import grid_cluster as grid_cluster
