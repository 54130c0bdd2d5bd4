"""What the server does regularly by itself: polling sources and applications (server.md §9.1), clearing up (§9.2)."""
