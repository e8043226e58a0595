"""The project: settings and wiring on top, the kernel at the bottom, nothing in between."""
