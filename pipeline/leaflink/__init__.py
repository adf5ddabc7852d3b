"""Speaking to the LeafLink API: session, pacing, retries, paging."""
