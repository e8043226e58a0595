"""Chat on a customer's site: the widget's address book, what visitors may do, their socket, mail when they left."""
