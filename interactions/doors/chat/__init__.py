"""The chat of a site: its widget, what the widget asks of us, its socket, and mail when a visitor has left."""
