"""Pages of surveys: the customer's, the settings, the follow-ups, a customer's answers."""
