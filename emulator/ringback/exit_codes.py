"""The exit codes of every subcommand."""

from __future__ import annotations

OK = 0
CHECK_FAILED = 1
WRONG_USAGE = 2
ENVIRONMENT_TROUBLE = 3
"""The environment or the target cannot be used: no server, no file, a failure inside the emulator."""
INTERRUPTED = 130
