"""The demonstration centre: a retailer's contact centre with sixty days behind it, made up and the same each time."""
