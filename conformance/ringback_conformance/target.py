"""Find the target of a run: an emulator in this process, one that runs elsewhere, or a real deployment."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import msgspec

from ringback.testing import Ringback
from ringback_conformance.control import PREFIX, Control, ControlUnavailable, try_call
from ringback_conformance.http_client import is_loopback
from ringback_conformance.model import Profile
from ringback_conformance.options import RunOptions, UsageError
from ringback_conformance.transport import Log

IN_PROCESS = "emulator (in this process)"
BASE_PATH = re.compile(r"(/api)?/v1$")
POLL_INTERVAL = 3.0
"""Seconds that a control API has to answer when the suite looks for one."""


class TargetError(Exception):
    """The target cannot be reached, or is not what it should be; the message says which."""


class Target(msgspec.Struct, kw_only=True):
    """A target that was found: where it is and how the suite speaks to it."""

    label: str
    base_url: str
    profile: Profile
    key: str
    control: Control | None = None
    strict: bool = True
    own: bool = False
    """It runs in this process and is ours alone."""
    plain: Callable[[], AbstractContextManager[str]] | None = None
    """Returns the base URL over plain HTTP, where the target is served over TLS."""


def label(url: str | None) -> str:
    """Return how a target is called in reports: its URL without credentials."""
    if url is None:
        return IN_PROCESS
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path.rstrip("/"), "", ""))


def resolve_profile(options: RunOptions) -> tuple[Profile, Mapping[str, Any]]:
    """Return the profile of a run, and the health of the control API where one was found.

    Without an address it is the emulator; on loopback it is the emulator when its control API answers; everywhere else
    the run only reads, unless the options say otherwise. Raises UsageError and TargetError.
    """
    profile = options.requested_profile()
    if options.url is None:
        return profile or Profile.EMULATOR, {}
    if profile not in (None, Profile.EMULATOR):
        return profile, {}
    health = _health(options, options.url)
    if health is not None:
        return Profile.EMULATOR, health
    if profile is Profile.EMULATOR:
        where = options.control or f"{_origin(options.url)}{PREFIX}"
        raise TargetError(f"--profile emulator needs a control API, and none answers at {where}")
    return Profile.READONLY, {}


@contextmanager
def open_target(options: RunOptions, vendor: str, log: Log, notes: list[str]) -> Iterator[Target]:
    """Open the target that the options name; start an emulator where they name none.

    Raises UsageError and TargetError. What was opened or started is closed at the end.
    """
    profile, health = resolve_profile(options)
    if options.url is None:
        with _own_emulator(options, vendor, log, notes, profile) as target:
            yield target
        return
    _check_url(options.url)
    if profile is Profile.EMULATOR:
        with _running_emulator(options, options.url, vendor, log, health) as target:
            yield target
        return
    if not options.key:
        raise UsageError("a deployment needs a key: --key-env NAME names the variable that holds it")
    yield Target(
        label=label(options.url),
        base_url=_base(options.url),
        profile=profile,
        key=options.key,
        plain=_over_plain_http(options.url),
    )


@contextmanager
def _own_emulator(options: RunOptions, vendor: str, log: Log, notes: list[str], profile: Profile) -> Iterator[Target]:
    """Start an emulator on the frozen clock in this process."""
    emulator = _emulator(options, vendor)
    emulator.start()
    try:
        account = emulator.account(vendor, balance="100.00")
        control = Control(emulator.url, log, token=options.control_token)
        try:
            yield Target(
                label=IN_PROCESS,
                base_url=account.base_url,
                profile=profile,
                key=account.key,
                control=control if profile is Profile.EMULATOR else None,
                own=True,
                plain=lambda: _behind_tls(options, vendor),
            )
        finally:
            control.close()
    finally:
        try:
            emulator.stop()
        except Exception as crash:
            notes.append(f"the emulator, at its end: {crash}")


@contextmanager
def _running_emulator(
    options: RunOptions, url: str, vendor: str, log: Log, health: Mapping[str, Any]
) -> Iterator[Target]:
    """Open an emulator that belongs to the user; at the end close the accounts that the run opened there."""
    _check_health(url, vendor, health)
    control = Control(options.control or _origin(url), log, token=options.control_token, ca=options.ca)
    try:
        yield Target(
            label=label(url),
            base_url=_emulated_base(url, vendor, health),
            profile=Profile.EMULATOR,
            key=options.key or "",
            control=control,
            strict=bool(health.get("strict")),
            plain=_over_plain_http(url),
        )
    finally:
        for exchange in control.opened:
            account = (exchange.json() or {}).get("account_id")
            if account:
                try_call(control, "DELETE", f"/accounts/{account}")
        control.close()


def _health(options: RunOptions, url: str) -> dict[str, Any] | None:
    """Return the health of the control API, if it answers: at `--control`, or on loopback at the target's origin."""
    if options.control is None and not is_loopback(url):
        return None
    timeout = min(options.timeout, POLL_INTERVAL)
    control = Control(
        options.control or _origin(url), Log(), token=options.control_token, ca=options.ca, timeout=timeout
    )
    try:
        return control.health()
    except ControlUnavailable:
        return None
    finally:
        control.close()


def _check_health(url: str, vendor: str, health: Mapping[str, Any]) -> None:
    """Reject an emulator whose settings would break claims."""
    where = f"the emulator at {_origin(url)}"
    if health.get("chaos"):
        raise TargetError(f"{where} injects faults at random: start it without --chaos")
    clock = health.get("clock")
    if isinstance(clock, Mapping) and clock.get("mode") == "scaled":
        raise TargetError(f"{where} has a scaled clock: set it to frozen or real")
    if vendor not in health.get("vendors", ()):
        raise TargetError(f"{where} does not serve {vendor}")


def _emulator(options: RunOptions, vendor: str, **settings: Any) -> Ringback:
    return Ringback(vendor, clock="frozen", seed=options.seed, strict=True, mutants=options.mutants, **settings)


@contextmanager
def _behind_tls(options: RunOptions, vendor: str) -> Iterator[str]:
    """Start another emulator, served over TLS; return its base URL over plain HTTP."""
    with _emulator(options, vendor, tls=True) as emulator:
        yield f"{emulator.url}/{vendor}"


def _over_plain_http(url: str) -> Callable[[], AbstractContextManager[str]] | None:
    """Return a deployment's base URL over plain HTTP, at the usual port; None where it is not served over TLS there."""
    parts = urlsplit(url)
    if parts.scheme != "https" or parts.port not in (None, 443):
        return None
    return lambda: nullcontext(_base(urlunsplit(("http", parts.hostname or "", parts.path, "", ""))))


def _emulated_base(url: str, vendor: str, health: Mapping[str, Any]) -> str:
    if urlsplit(url).path.strip("/"):
        return _base(url)
    urls = health.get("urls")
    return str(urls[vendor]) if isinstance(urls, Mapping) and vendor in urls else f"{url.rstrip('/')}/{vendor}"


def _check_url(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UsageError(f"--url {url!r}: expected http(s)://HOST[:PORT][/PATH], the part before the page's paths")
    if parts.username or parts.password:
        raise UsageError("--url holds a user name or password: give the key with --key-env NAME instead")
    if parts.query or parts.fragment:
        raise UsageError(f"--url {url!r} has a query or fragment")
    if parts.scheme == "http" and not is_loopback(url):
        raise UsageError(f"--url {url!r} would send the key in the clear: use https")


def _base(url: str) -> str:
    """Return the part before the page's paths, also where the URL ends in the vendor's own base path."""
    return BASE_PATH.sub("", url.rstrip("/"))


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc, "", "", ""))
