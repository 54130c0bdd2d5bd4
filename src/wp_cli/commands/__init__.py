"""The verbs, one module per noun. Each exports `Command` objects that `wp_cli.registry` names."""
