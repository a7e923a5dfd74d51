"""`pykeops.torch.cluster.utils`."""

from keopsnb.torch.cluster import cluster_centroids as cluster_centroids
from keopsnb.torch.cluster import cluster_ranges as cluster_ranges
from keopsnb.torch.cluster import cluster_ranges_centroids as cluster_ranges_centroids
from keopsnb.torch.cluster import sort_clusters as sort_clusters
from keopsnb.torch.cluster import swap_axes as swap_axes
