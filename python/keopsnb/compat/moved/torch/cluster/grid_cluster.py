"""`pykeops.torch.cluster.grid_cluster`."""

from keopsnb.compat.function import stand_for
from keopsnb.torch.cluster import grid_cluster as grid_cluster

stand_for(grid_cluster, __name__)
