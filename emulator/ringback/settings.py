"""One typed settings object: defaults < `ringback.yaml` < environment (`RINGBACK_*`) < flags."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

DEFAULT_FILE = "ringback.yaml"
ENVIRONMENT_PREFIX = "RINGBACK_"


class SettingsError(ValueError):
    """An unusable setting; the message says which one, where it came from and what is accepted."""


class ChaosRates(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Rates (0 to 1) of the faults that `--chaos` injects, each drawn from the seed."""

    duplicate: float = 0.05
    delay: float = 0.05
    reorder: float = 0.05
    rate_limited: float = 0.02
    unavailable: float = 0.02
    delay_seconds: float = 30.0
    """Virtual seconds that a delayed webhook waits."""


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The settings of one emulator.

    `clock` is `real`, `frozen` or `xN` (N virtual seconds a second). `start` is an ISO-8601 instant.
    `webhook_routes` maps a public origin to the local origin that receives its webhooks.
    `tls_port` None means the port after `port`. Sizes are bytes, durations seconds.
    """

    vendors: tuple[str, ...] = ()
    host: str = "127.0.0.1"
    port: int = 7464
    ready_file: str | None = None
    clock: str = "real"
    start: str | None = None
    seed: int = 0
    state: str | None = None
    strict: bool = False
    webhook_routes: dict[str, str] = {}
    hosts: dict[str, tuple[str, ...]] = {}
    """Addresses that replace DNS for webhook egress: host name to IP addresses."""
    tls: bool = False
    tls_port: int | None = None
    root: str | None = None
    mutants: tuple[str, ...] = ()
    control: bool = True
    """False serves only the vendors, as a deployment does: no control API, no dashboard."""
    control_token: str | None = None
    chaos: bool = False
    chaos_rates: ChaosRates = ChaosRates()
    webhook_timeout: float = 10.0
    stream_heartbeat: float = 15.0
    """Seconds without an event after which an event stream sends a comment."""
    journal_size: int = 2_000
    """Entries kept for each account."""
    max_body: int = 1_048_576
    seed_accounts: bool = True


def load(
    flags: Mapping[str, Any] | None = None,
    *,
    file: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> Settings:
    """Merge the four layers. `flags` holds only what the user passed; None values are ignored.

    Raises SettingsError for an unreadable file, an unknown name or a value of the wrong type.
    """
    merged: dict[str, Any] = {}
    for origin, layer in (
        (str(file or DEFAULT_FILE), _from_file(file)),
        ("the environment", _from_environment(os.environ if environment is None else environment)),
        ("the command line", {k: v for k, v in (flags or {}).items() if v is not None}),
    ):
        try:
            msgspec.convert(layer, Settings, strict=False)
        except msgspec.ValidationError as error:
            raise SettingsError(f"{origin}: {error}") from None
        merged.update(layer)
    return msgspec.convert(merged, Settings, strict=False)


def _from_file(file: Path | None) -> dict[str, Any]:
    path = file or Path(DEFAULT_FILE)
    if not path.is_file():
        if file is not None:
            raise SettingsError(f"{file}: no such settings file")
        return {}
    import yaml

    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise SettingsError(f"{path}: not readable as YAML: {error}") from None
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise SettingsError(f"{path}: expected a mapping of settings, found {type(content).__name__}")
    return content


def _from_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    """Read `RINGBACK_PORT=0`, `RINGBACK_VENDORS=kwickphone,inkbox`, `RINGBACK_WEBHOOK_ROUTES=https://a=http://b,…`."""
    found: dict[str, Any] = {}
    for field in msgspec.structs.fields(Settings):
        text = environment.get(ENVIRONMENT_PREFIX + field.name.upper())
        if text is None:
            continue
        if field.name in ("vendors", "mutants"):
            found[field.name] = [part.strip() for part in text.split(",") if part.strip()]
        elif field.name == "webhook_routes":
            found[field.name] = dict(route(part) for part in text.split(",") if part.strip())
        elif field.name in ("hosts", "chaos_rates"):
            try:
                found[field.name] = msgspec.json.decode(text)
            except msgspec.DecodeError as error:
                name = ENVIRONMENT_PREFIX + field.name.upper()
                raise SettingsError(f"the environment: {name} takes JSON: {error}") from None
        else:
            found[field.name] = text
    return found


def route(text: str) -> tuple[str, str]:
    """Split `PUBLIC_ORIGIN=LOCAL_ORIGIN`. Raises SettingsError for anything else."""
    public, _, local = text.strip().partition("=")
    if "://" not in public or "://" not in local:
        raise SettingsError(f"webhook route {text!r}: expected PUBLIC_ORIGIN=LOCAL_ORIGIN, both with a scheme")
    return public.rstrip("/").lower(), local.rstrip("/")
