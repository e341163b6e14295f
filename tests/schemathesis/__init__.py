"""A schemathesis run of the contract against the emulator, as a part of the tests."""
