"""Facebook Messenger: the messages of a page."""
