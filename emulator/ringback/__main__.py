"""`python -m emulator` is `ringback`."""

from ringback.cli import main

main()
