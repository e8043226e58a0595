"""Files of ours that a provider fetches by their address."""
