"""Ringback's emulator: five hosted phone APIs over one in-memory carrier."""

__version__ = "0.1.0"
