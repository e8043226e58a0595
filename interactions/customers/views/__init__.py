"""Pages about customers: finding, reading, keeping, merging, erasing."""
