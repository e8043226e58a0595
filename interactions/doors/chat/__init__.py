"""The chat of a site: the widget that it embeds, what the widget asks of us, its socket, and mail when visitors left."""
