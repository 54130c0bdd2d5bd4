"""The command line: commands, contexts, connection, rendering."""
