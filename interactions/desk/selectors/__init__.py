"""What the desk shows: the door to contacts, the work list, one conversation."""
