"""`python -m emulator` is `ringback`."""

from emulator.cli import main

main()
