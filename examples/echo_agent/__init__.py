"""An agent that says back what it hears, on an Inkbox call."""
