"""`pykeops.numpy.cluster.utils`."""

from keopsnb.numpy.cluster import cluster_centroids as cluster_centroids
from keopsnb.numpy.cluster import cluster_ranges as cluster_ranges
from keopsnb.numpy.cluster import cluster_ranges_centroids as cluster_ranges_centroids
from keopsnb.numpy.cluster import sort_clusters as sort_clusters
from keopsnb.numpy.cluster import swap_axes as swap_axes
