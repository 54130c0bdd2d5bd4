"""How bytes become calls: version negotiation, authentication, keepalives, error statuses, access log, listeners.

Nothing here knows what a project or a job is. `wp_server.app` gives it handlers by RPC name; it gives them requests.
"""
