"""The subcommands of `ringback`, one module each, imported only when asked for."""
