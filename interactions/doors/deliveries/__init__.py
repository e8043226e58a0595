"""What came in and could not be read: looked at, read again or put away by those who operate the centre."""
