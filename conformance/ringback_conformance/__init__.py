"""Ringback's conformance suite: holds an emulator or a real deployment to the vendors' own documentation."""
