"""The door through which another system's past comes in: a file, a mapping, a run that can stop and go on."""
