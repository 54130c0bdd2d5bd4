"""The HTTP listeners: health and readiness now; UI, JSON API, exec terminal and triggers join the same router."""
