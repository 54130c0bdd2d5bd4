"""Executes one job: data source, project, plugins, the operations."""
