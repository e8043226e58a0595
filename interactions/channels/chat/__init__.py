"""Chat on a site of ours: no provider, the visitor's browser speaks with us (interactions/doors/chat)."""
