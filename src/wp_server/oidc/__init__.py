"""Signing in by OpenID Connect (server.md §2.7): the provider, its ID token, and what claims say."""
