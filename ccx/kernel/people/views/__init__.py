"""Pages about people: the first password, one's own settings, and the people and teams of the centre."""
