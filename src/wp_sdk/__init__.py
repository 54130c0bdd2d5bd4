"""What a plugin author sees: component interfaces, typed values, schema and the mapper solver."""
