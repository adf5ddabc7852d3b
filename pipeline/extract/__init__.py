"""From the API to the landing: plan, page, decode, quarantine."""
