"""How things look: tables, colours, and the terminal events of a job on a terminal, as plain lines, as JSON."""
