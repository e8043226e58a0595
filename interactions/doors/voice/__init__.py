"""Where a telephone asks what a caller is to hear, and tells how the call goes."""
