"""Mail in, over IMAP or a pipe, and our answers out. How a mail is read and written: interactions.channels.email."""
