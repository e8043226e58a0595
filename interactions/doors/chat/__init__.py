"""The chat of a site: the widget that it embeds, and what the widget asks of us."""
