"""What the server tells of itself to monitoring: Prometheus metrics and OpenTelemetry traces. Both are off by default.

Neither names a project, a user or a token.
"""
