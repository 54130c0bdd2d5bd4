"""The server: API, store, job queue, authentication, live streams."""
