"""What a mail says, and what a mail of ours looks like. Pure: bytes in, words out; nothing here knows a server."""
