"""Instagram: the messages of a professional account."""
