"""Where exchanges come from: probes, the schemathesis engine, hypothesis state machines."""
