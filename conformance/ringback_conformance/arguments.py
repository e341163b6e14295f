"""Turn the options of `ringback conform` into the options of a run."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import click

from ringback_conformance.model import Profile
from ringback_conformance.options import RunOptions

PRODUCERS = ("probes", "engine", "machine")
MONEY = re.compile(r"\$?(\d{1,6})(?:\.(\d{1,2}))?")


def run_options(given: dict[str, Any]) -> RunOptions:
    """Return the options of a run. Raises click.UsageError for a value that cannot be used."""
    return RunOptions(
        vendor=given["vendor"],
        url=given["url"],
        key=api_key(given),
        control=given["control"],
        control_token=given["control_token"],
        profile=Profile(given["profile"]) if given["profile"] else None,
        allow=frozenset(given["allow"]),
        budget=cents(given["budget"]),
        webhook_url=_webhook_url(given["webhook_url"]),
        webhook_listen=_listen(given["webhook_listen"]),
        destinations=tuple(given["destination"]),
        await_call=given["await_call"],
        ca=given["ca"],
        only=tuple(given["only"]),
        seed=given["seed"],
        timeout=given["timeout"],
        requests=given["max_requests"],
        rate=given["rate"],
        producers=frozenset(PRODUCERS) - frozenset(given["without"]),
        deviations=_deviations(given["deviations"]),
        ledger=Path(given["ledger"]) if given["ledger"] else None,
        people=not given["full_evidence"],
    )


def api_key(given: dict[str, Any]) -> str | None:
    """Return the key of `--key` or from the variable that `--key-env` names."""
    if given["key"] and given["key_env"]:
        raise click.UsageError("give --key or --key-env, not both")
    name = given["key_env"]
    if not name:
        key: str | None = given["key"]
        return key
    key = os.environ.get(name)
    if not key:
        raise click.UsageError(f"--key-env {name}: the environment has no such variable, or it is empty")
    return key.strip()


def cents(text: str | None) -> int:
    """Return an amount in dollars, such as `10` or `$10.00`, in cents."""
    if text is None:
        return 0
    found = MONEY.fullmatch(text.strip())
    if found is None:
        raise click.UsageError(f"--budget {text}: expected dollars, such as 10 or 10.00")
    return int(found[1]) * 100 + int((found[2] or "0").ljust(2, "0"))


def _webhook_url(text: str | None) -> str | None:
    if text is not None and not text.startswith("https://"):
        raise click.UsageError(f"--webhook-url {text}: expected https://…, as the page requires")
    return text.rstrip("/") if text else None


def _listen(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit() or int(port) > 65_535:
        raise click.UsageError(f"--webhook-listen {text}: expected HOST:PORT")
    return host.strip("[]"), int(port)


def _deviations(file: str | None) -> dict[str, str]:
    if file is None:
        return {}
    import yaml

    try:
        listed = yaml.safe_load(Path(file).read_text(encoding="utf-8")) or []
        return {str(entry["claim"]): str(entry["reason"]) for entry in listed}
    except (OSError, UnicodeDecodeError, yaml.YAMLError, TypeError, KeyError):
        raise click.UsageError(
            f"--deviations {file}: expected a YAML list of {{claim: KWP-…, reason: why}} entries"
        ) from None
