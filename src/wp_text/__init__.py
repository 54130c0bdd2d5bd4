"""Text as the configuration language counts and matches it, in runner and entrypoint; standard library only."""
