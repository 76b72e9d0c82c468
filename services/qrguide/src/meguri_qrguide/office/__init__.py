"""Where the office writes the guides: behind a sign-in, on drafts, until it publishes them."""
