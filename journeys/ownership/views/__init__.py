"""Pages of the map and of the cost rates."""
