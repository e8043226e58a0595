"""Changes to the map of where contacts come from, to what contacts cost, and the owners' weekly letters."""
