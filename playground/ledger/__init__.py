"""Money: an append-only record of what was held and spent, what may be spent, and what it adds up to."""
