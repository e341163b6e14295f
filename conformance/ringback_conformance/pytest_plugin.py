"""Options for `pytest --pyargs ringback_conformance`: one test for each claim. Nothing is loaded until then."""

from __future__ import annotations

from typing import Any

OPTIONS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("--conform-vendor", {"metavar": "NAME", "action": "append", "help": "Only this vendor's claims. Repeatable."}),
    ("--conform-key-env", {"metavar": "NAME", "help": "The environment variable with the deployment's API key."}),
    (
        "--conform-profile",
        {"choices": ("emulator", "sandbox", "readonly"), "help": "As `ringback conform --profile`."},
    ),
    ("--conform-budget", {"metavar": "USD", "help": "As `ringback conform --budget`."}),
    ("--conform-ca", {"metavar": "FILE", "help": "The certificate authority to trust, as PEM."}),
    ("--conform-mutant", {"metavar": "NAME", "action": "append", "help": "Break the emulator of our own in this way."}),
)


def pytest_addoption(parser: Any) -> None:
    """Declare them, beside `--ringback-url` and `--ringback-seed`, which the emulator's plugin has."""
    group = parser.getgroup("ringback conformance")
    for name, settings in OPTIONS:
        group.addoption(name, **settings)
