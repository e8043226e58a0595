"""What every app may use: the event log, people, audit, access, errors, paging. It names no other app."""
