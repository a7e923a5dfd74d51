"""`pykeops.torch.cluster.matrix`."""

from keopsnb.torch.cluster import from_matrix as from_matrix
