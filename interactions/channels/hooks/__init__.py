"""Any other system: it tells us contacts by REST, and hears our answers by a signed webhook (Standard Webhooks)."""
