"""The three recipes of PhoneStack's page, against the emulator or the real thing."""
