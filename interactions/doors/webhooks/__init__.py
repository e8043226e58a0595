"""Where providers call us: what they bring is verified, kept as it came, and only then read."""
