"""Changes to cases, interactions and contact reasons, by verb family."""
