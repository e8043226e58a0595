"""The definitions, by what they are about. `analytics.kpis.registry` is the way to them."""
