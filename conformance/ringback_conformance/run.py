"""One run of the suite: find the target, hold back, probe, explore, walk, clean up, judge."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit, urlunsplit

import msgspec

from ringback_conformance import contract, judge, plan
from ringback_conformance.adapter import VendorAdapter
from ringback_conformance.catalogue import Catalogue
from ringback_conformance.claims import load
from ringback_conformance.control import PREFIX, Control, ControlRefused, ControlTrouble
from ringback_conformance.evidence import PASSING
from ringback_conformance.expectations import Inconclusive, ProbeFailed
from ringback_conformance.http_client import READING, is_loopback
from ringback_conformance.judge import ClaimVerdict, ProbeResult
from ringback_conformance.ledger import Ledger, LedgerWriter, sweep
from ringback_conformance.masking import Mask
from ringback_conformance.model import Claim, Exchange, Kind, Profile, RunWarning, Verdict
from ringback_conformance.plan import Plan
from ringback_conformance.probe_context import ProbeContext
from ringback_conformance.producers.engine import Recording, Share, explore, repeat
from ringback_conformance.receiver import Receiver
from ringback_conformance.run_context import RunContext
from ringback_conformance.sockets import Sockets
from ringback_conformance.transport import (
    Log,
    NoAnswer,
    Pace,
    Policy,
    Refused,
    Request,
    TargetGone,
    Transport,
)

HOOK_NAME = "https://hooks.ringback-conformance.example"
"""The public name that the emulator routes to our receiver, so that addresses are as the vendor's page wants them."""
STREAM_NAME = "https://streams.ringback-conformance.example"
"""The same for WebSockets."""
REAL_CEILING = 400
"""Requests a run sends to a deployment that is not ours, at most, unless told."""
EMULATED_CEILING = 100_000
GREETINGS = 3
OWN_PATIENCE = 30.0
"""Seconds that an emulator in this process has for an answer: it is slow where the machine is, and never gone."""
POLL_INTERVAL = 3.0
"""How long a control API has to show itself."""
IN_PROCESS = "emulator (in this process)"
BASE_PATH = re.compile(r"(/api)?/v1$")
OWN_PORT = re.compile(r"127\.0\.0\.1:\d+")


class UsageTrouble(Exception):  # noqa: N818 - the name says what is the matter
    """What was asked for cannot be done; the message says what to do."""


class TargetTrouble(Exception):  # noqa: N818
    """The target cannot be reached, or is not what it should be; the message says which."""


class Effort(msgspec.Struct, frozen=True, kw_only=True):
    """How much the generating producers do: engine examples and requests, walks of the machine and their steps."""

    examples: int
    engine_requests: int
    walks: int
    steps: int


THOROUGH = Effort(examples=10, engine_requests=2_000, walks=20, steps=16)
BRIEF = Effort(examples=1, engine_requests=60, walks=4, steps=10)
POLITE = Effort(examples=2, engine_requests=24, walks=0, steps=0)
"""For a deployment that is not ours."""


class RunOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What the user asked for. `budget` is in cents; `deviations` maps claim ids to reasons."""

    vendor: str
    url: str | None = None
    key: str | None = None
    control: str | None = None
    control_token: str | None = None
    profile: Profile | None = None
    allow: frozenset[str] = frozenset()
    budget: int = 0
    webhook_url: str | None = None
    webhook_listen: tuple[str, int] = ("127.0.0.1", 0)
    destinations: tuple[str, ...] = ()
    await_call: float = 0.0
    ca: str | None = None
    only: tuple[str, ...] = ()
    seed: int = 0
    timeout: float = 10.0
    requests: int | None = None
    rate: int | None = None
    """Requests a minute, where it is to be less than what the vendor allows."""
    producers: frozenset[str] = frozenset({"probes", "engine", "machine"})
    deviations: dict[str, str] = {}
    ledger: Path | None = None
    people: bool = True
    """Hide the people in a real account's calls."""
    mutants: tuple[str, ...] = ()
    effort: Effort | None = None
    tape: Recording | None = None
    """What the engine asked another target, to be asked again in place of new requests."""


class ProgressListener(Protocol):
    """Who is told how a run goes."""

    def planned(self, target: str, profile: Profile, drawn: Plan) -> None:
        """The run begins with this plan."""

    def probing(self, name: str) -> None:
        """A claim's probe, or another producer, begins."""

    def settled(self, name: str, outcome: ProbeResult, held: bool) -> None:
        """It has ended."""

    def sent(self, exchange: Exchange) -> None:
        """Something went over the wire."""

    def say(self, message: str) -> None:
        """A word to the person who watches."""


class NullListener:
    """A watcher who looks away."""

    def planned(self, target: str, profile: Profile, drawn: Plan) -> None:
        """Nothing."""

    def probing(self, name: str) -> None:
        """Nothing."""

    def settled(self, name: str, outcome: ProbeResult, held: bool) -> None:
        """Nothing."""

    def sent(self, exchange: Exchange) -> None:
        """Nothing."""

    def say(self, message: str) -> None:
        """Nothing."""


class Result(msgspec.Struct, kw_only=True):
    """All that a run found, unmasked; `ringback_conformance.report` makes what may be shown."""

    vendor: str
    target: str
    profile: Profile
    seed: int
    started_at: str
    seconds: float
    judgements: list[ClaimVerdict]
    log: list[Exchange]
    leads: list[RunWarning]
    mask: Mask
    catalogue: Catalogue
    trouble: str = ""
    interrupted: bool = False
    notes: list[str] = []
    requests: int = 0
    spent: int = 0
    planned: int = 0
    left_behind: list[str] = []
    ledger: str = ""
    tape: Recording = Recording()

    @property
    def summary(self) -> dict[str, int]:
        """How many claims got each verdict."""
        counts = {verdict.value: 0 for verdict in Verdict}
        for judgement in self.judgements:
            counts[judgement.verdict.value] += 1
        return counts

    @property
    def digest(self) -> str:
        """A fingerprint of all that the vendor's API and its webhooks said, wherever it was served; equal runs have
        equal ones. When a webhook came between two requests is no part of it, nor what raced."""
        heap = hashlib.sha256()
        asked = sorted(
            (each for each in self.log if each.kind is Kind.API and not each.raced),
            key=lambda each: (each.producer, _place(each)),
        )
        heard = sorted(_lasting(each) for each in self.log if each.kind is Kind.WEBHOOK)
        for line in (*map(_lasting, asked), *heard):
            heap.update(line.encode())
        return heap.hexdigest()


class Target(msgspec.Struct, kw_only=True):
    """A target that was found: where it is and by what means it is spoken to."""

    target: str
    base_url: str
    profile: Profile
    key: str
    control: Control | None
    strict: bool
    own: bool
    """It runs in this process and is ours alone."""
    plain: Callable[[], AbstractContextManager[str]] | None = None
    """Gives the base URL over plain HTTP, where the target is served over TLS."""


def conduct(options: RunOptions, watcher: ProgressListener | None = None) -> Result:
    """Run the suite as wished.

    Raises UsageTrouble for a options that cannot be, TargetTrouble when there is no such target. An interrupt
    (Ctrl-C) ends the run early, cleans up and gives what was seen until then.
    """
    return Run(options, watcher or NullListener()).conduct()


def draw_plan(options: RunOptions) -> tuple[Plan, Profile, str]:
    """The plan of a run, its profile and target. Sends nothing but a look for the control API on loopback."""
    catalogue, _ = _selected(options)
    profile, _ = settle_profile(options)
    drawn = _drawn(options, catalogue, profile)
    return drawn, profile, _shown(options.url) if options.url else IN_PROCESS


class Run:
    """The state of one run."""

    def __init__(self, options: RunOptions, watcher: ProgressListener) -> None:
        self.options = options
        self.watcher = watcher
        self.catalogue, self.claims = _selected(options)
        self.adapter: VendorAdapter = self.catalogue.adapter
        self.log = Log(watcher.sent)
        self.outcomes: dict[str, ProbeResult] = {}
        self.leads: list[RunWarning] = []
        self.tape = Recording()
        self.notes: list[str] = []
        self.trouble = ""
        self.stranger = ""
        """Why the target is taken for somebody else; then nothing it says is evidence."""
        self.interrupted = False
        self.left_behind: list[str] = []

    def conduct(self) -> Result:
        """See `conduct`."""
        started = datetime.now(UTC)
        clock = time.monotonic()
        with ExitStack() as stack:
            site = stack.enter_context(_site(self.options, self.catalogue.vendor, self.log, self.notes))
            mask = Mask(
                self.adapter.secrets,
                private=self.adapter.private,
                people=self.options.people and site.profile is not Profile.EMULATOR,
            )
            if self.options.control_token:
                mask.learn(self.options.control_token, "$CONTROL_TOKEN")
            drawn = _drawn(self.options, self.catalogue, site.profile)
            ledger = self._ledger(site)
            transport = self._transport(site, ledger, drawn)
            stack.callback(transport.close)
            run_context = self._equipment(stack, site, mask, transport)
            self.watcher.planned(site.target, site.profile, drawn)
            try:
                self.stranger = self._greet(site, transport, ledger)
                if not self.stranger:
                    self._produce(site, run_context, drawn)
            except KeyboardInterrupt:
                self.interrupted = True
                self._say("interrupted: clearing up what was made")
            except (TargetGone, ControlTrouble) as end:
                self.trouble = str(end)
            finally:
                self._clear_up(site, ledger)
            judgements = self._judge(site, run_context)
        return Result(
            vendor=self.catalogue.vendor,
            target=site.target,
            profile=site.profile,
            seed=self.options.seed,
            started_at=started.isoformat(timespec="seconds").replace("+00:00", "Z"),
            seconds=round(time.monotonic() - clock, 3),
            judgements=judgements,
            log=self.log.exchanges,
            leads=self.leads,
            mask=mask,
            catalogue=self.catalogue,
            trouble=mask.text(self.stranger or self.trouble),
            interrupted=self.interrupted,
            notes=[mask.text(note) for note in self.notes],
            requests=transport.sent,
            spent=transport.spent if site.profile is not Profile.EMULATOR else 0,
            planned=drawn.cents,
            left_behind=self.left_behind,
            ledger=str(ledger.path) if ledger is not None and not ledger.clean else "",
            tape=self.tape,
        )

    # -- setting up ------

    def _transport(self, site: Target, ledger: Ledger | None, drawn: Plan) -> Transport:
        options = self.options
        if site.profile is Profile.EMULATOR:
            policy = Policy(methods=None, requests=options.requests or EMULATED_CEILING, budget=None, rate=None)
        else:
            allowed = frozenset(options.destinations)
            policy = Policy(
                methods=READING if site.profile is Profile.READONLY else None,
                requests=options.requests or max(REAL_CEILING, drawn.requests * 2),
                budget=options.budget,
                price=self.adapter.price,
                charged=self.adapter.charged,
                destinations=self.adapter.destinations,
                allowed=lambda number: number in allowed or self.adapter.harmless(number),
                rate=self.adapter.rate,
            )
        pace = Pace(None if policy.rate is None else drawn.rate)
        return Transport(
            site.base_url,
            policy,
            self.log,
            ca=options.ca,
            timeout=max(options.timeout, OWN_PATIENCE) if site.own else options.timeout,
            pace=pace,
            book=LedgerWriter(ledger, self.adapter) if ledger is not None else None,
        )

    def _ledger(self, site: Target) -> Ledger | None:
        if site.profile is not Profile.SANDBOX:
            return None
        path = self.options.ledger or state_folder() / f"ledger-{self.catalogue.vendor}-{secrets.token_hex(4)}.jsonl"
        if path.exists():
            raise UsageTrouble(f"{path} is there already: clear it up with --cleanup {path}, or name another --ledger")
        return Ledger.begin(path, vendor=self.catalogue.vendor, base_url=site.base_url)

    def _equipment(self, stack: ExitStack, site: Target, mask: Mask, transport: Transport) -> RunContext:
        sockets, receiver = self._sockets(stack, site), self._receiver(stack, site)
        return RunContext(
            adapter=self.adapter,
            profile=site.profile,
            transport=transport,
            mask=mask,
            seed=self.options.seed,
            key=site.key,
            control=site.control if site.profile is Profile.EMULATOR else None,
            receiver=receiver,
            sockets=sockets,
            strict=site.strict,
            destination=self.options.destinations[0] if self.options.destinations else "",
            await_call=self.options.await_call,
            say=self._say,
            plain=site.plain,
        )

    def _receiver(self, stack: ExitStack, site: Target) -> Receiver | None:
        if site.profile is Profile.EMULATOR:
            receiver = Receiver(self.log).start()
            stack.callback(receiver.stop)
            receiver.public = HOOK_NAME
            if site.control is not None:
                stack.enter_context(_routed(site.control, receiver))
            return receiver
        if self.options.webhook_url is None or site.profile is Profile.READONLY:
            return None
        try:
            receiver = Receiver(self.log, *self.options.webhook_listen)
        except OSError as error:
            host, port = self.options.webhook_listen
            raise UsageTrouble(f"cannot listen on {host}:{port} for webhooks: {error.strerror or error}") from None
        receiver.public = self.options.webhook_url
        receiver.start()
        stack.callback(receiver.stop)
        self._say(f"webhooks for {receiver.public} are taken at {receiver.origin}")
        return receiver

    def _sockets(self, stack: ExitStack, site: Target) -> Sockets | None:
        """Where an emulator may open WebSockets to; a deployment's tunnel leads to the receiver alone."""
        if site.profile is not Profile.EMULATOR or site.control is None:
            return None
        sockets = Sockets(self.log, STREAM_NAME)
        stack.callback(sockets.stop)
        stack.enter_context(_led(site.control, sockets.public, sockets.origin))
        return sockets

    def _greet(self, site: Target, transport: Transport, ledger: Ledger | None) -> str:
        """See that somebody answers who could be the vendor; gives what is the matter where not."""
        if site.profile is Profile.EMULATOR:
            return ""
        odd = ""
        for _ in range(GREETINGS):
            try:
                exchange = transport.send(
                    "greeting",
                    Request("GET", self.adapter.health_path, (self.adapter.credentials(site.key),)),
                    account="yours",
                )
            except NoAnswer as silence:
                return f"{site.target} cannot be reached: {silence.exchange.error}"
            found = self.adapter.identify(exchange)
            if found is None:
                if ledger is not None and exchange.status == 200:
                    ledger.before = frozenset(self.adapter.existing(exchange))
                return ""
            odd = found
            if exchange.status == 401:
                break
        return f"{site.target} does not answer as {self.catalogue.vendor} does: {odd}"

    # -- producing ------

    def _produce(self, site: Target, run_context: RunContext, drawn: Plan) -> None:
        for step in drawn.steps:
            if step.skipped:
                self.outcomes[step.claim.id] = ProbeResult(skipped=step.skipped)
        if "probes" in self.options.producers:
            probed = [step.claim.id for step in drawn.runs if step.claim.id in self.catalogue.probes]
            self.outcomes |= dict.fromkeys(probed, ProbeResult(unobserved="the run ended before"))
            for step in drawn.runs:
                self._probe(run_context, step.claim)
        effort = self.options.effort or (THOROUGH if site.profile is Profile.EMULATOR else POLITE)
        if "machine" in self.options.producers and self._wanted(self.catalogue.machine_claims):
            self._walk(site, run_context, effort)
        if "engine" in self.options.producers and self._wanted(self.catalogue.engine_claims):
            self._explore(site, run_context, effort)

    def _wanted(self, claims: tuple[str, ...]) -> bool:
        return any(claim.id in claims for claim in self.claims)

    def _probe(self, run_context: RunContext, claim: Claim) -> None:
        probe = self.catalogue.probes.get(claim.id)
        if probe is None:
            return
        self.watcher.probing(claim.id)
        before = len(run_context.observations)
        self.outcomes[claim.id] = self._attempt(lambda: probe.run(ProbeContext(run_context, claim.id, claim.id)))
        unseen = tuple(run_context.unseen.get(claim.id, ()))
        self.outcomes[claim.id] = msgspec.structs.replace(self.outcomes[claim.id], unseen=unseen)
        held = all(observation.held for observation in run_context.observations[before:])
        self.watcher.settled(claim.id, self.outcomes[claim.id], held)

    def _attempt(self, action: Callable[[], None]) -> ProbeResult:
        try:
            action()
        except ProbeFailed:
            return ProbeResult(ran=True)
        except Inconclusive as reason:
            return ProbeResult(ran=True, unobserved=str(reason))
        except Refused as refusal:
            return ProbeResult(unobserved=str(refusal))
        except NoAnswer as silence:
            self.trouble = self.trouble or str(silence)
            return ProbeResult(unobserved=str(silence))
        except (TargetGone, ControlTrouble):
            raise
        except Exception as error:
            return ProbeResult(broken=_where(error))
        return ProbeResult(ran=True)

    def _walk(self, site: Target, run_context: RunContext, effort: Effort) -> None:
        drive = self.catalogue.machine
        if site.profile is not Profile.EMULATOR or drive is None or not effort.walks:
            return
        self.watcher.probing("machine")
        outcome = self._attempt(lambda: drive(ProbeContext(run_context, "machine"), effort.walks, effort.steps))
        self._noted("machine", outcome)

    def _explore(self, site: Target, run_context: RunContext, effort: Effort) -> None:
        self.watcher.probing("engine")
        self._noted("engine", self._attempt(lambda: self._engine(site, run_context, effort)))
        if run_context.transport.gone:
            raise TargetGone(run_context.transport.gone)

    def _engine(self, site: Target, run_context: RunContext, effort: Effort) -> None:
        ctx = ProbeContext(run_context, "engine")
        emulated = site.profile is Profile.EMULATOR
        account = ctx.account(balance="1000000.00", **self.adapter.unlimited) if emulated else ctx.default_account()
        sample_ids = self.catalogue.sample_ids(ctx, account) if emulated else {}
        credentials = self.adapter.credentials(account.key)
        if self.options.tape is not None:
            repeat(
                self.options.tape,
                run_context.transport,
                credentials=credentials,
                account=account.label,
                sample_ids=sample_ids,
            )
            return
        finding = explore(
            contract.load(self.catalogue.vendor),
            run_context.transport,
            credentials=credentials,
            account=account.label,
            profile=site.profile,
            seed=self.options.seed,
            share=Share(examples=effort.examples, requests=effort.engine_requests),
            sample_ids=sample_ids,
            sanitize=self.adapter.sanitize,
        )
        self.tape = finding.tape
        self.leads += finding.leads
        if finding.trouble:
            self.notes.append(f"engine: {finding.trouble}")

    def _noted(self, name: str, outcome: ProbeResult) -> None:
        self.watcher.settled(name, outcome, True)
        if outcome.broken or outcome.unobserved:
            self.notes.append(f"{name}: {outcome.broken or outcome.unobserved}")
        if outcome.broken:
            self.trouble = self.trouble or f"the {name} broke: {outcome.broken}"

    # -- ending ------

    def _clear_up(self, site: Target, ledger: Ledger | None) -> None:
        if ledger is None:
            return
        try:
            if not ledger.clean:
                self.left_behind = sweep(ledger, self.adapter, site.key, self.log, ca=self.options.ca)
        finally:
            ledger.close()
            if not ledger.clean:
                self.left_behind = self.left_behind or ledger.left
                self._say(f"not everything could be removed: ringback conform --cleanup {ledger.path}")

    def _judge(self, site: Target, run_context: RunContext) -> list[ClaimVerdict]:
        if self.stranger:
            return judge.judge(self.catalogue, self.claims, [], {}, site.profile, {})
        observations = [*run_context.observations, *judge.observe(self.catalogue, self.log.exchanges)]
        return judge.judge(
            self.catalogue, self.claims, observations, self.outcomes, site.profile, self.options.deviations
        )

    def _say(self, message: str) -> None:
        self.notes.append(message)
        self.watcher.say(message)


def settle_profile(options: RunOptions) -> tuple[Profile, dict[str, Any] | None]:
    """The profile that a options comes to, and the health of the control API where one was found.

    Without an address it is the emulator; on loopback it is the emulator when its control API answers; everywhere else
    it is reading alone, unless told. Raises UsageTrouble for wishes that contradict each other.
    """
    profile, allow = options.profile, options.allow
    if profile is None and allow & {"write", "spend"}:
        profile = Profile.SANDBOX
    if profile is Profile.READONLY and allow & {"write", "spend"}:
        raise UsageTrouble("--profile readonly and --allow write|spend contradict each other")
    if "spend" in allow and not options.budget:
        raise UsageTrouble("--allow spend takes --budget USD")
    if options.budget and profile is not Profile.SANDBOX:
        raise UsageTrouble("--budget goes with --profile sandbox or --allow spend")
    if options.url is None:
        if options.control is not None:
            raise UsageTrouble("--control goes with --url BASE_URL: without it the suite starts an emulator of its own")
        return profile or Profile.EMULATOR, None
    health = None
    if profile in (None, Profile.EMULATOR):
        health = _health(options)
        if health is None and profile is Profile.EMULATOR:
            where = options.control or f"{_origin(options.url)}{PREFIX}"
            raise TargetTrouble(f"--profile emulator takes a control API, and none answers at {where}")
        profile = Profile.READONLY if health is None else Profile.EMULATOR
    return profile, health


def state_folder() -> Path:
    """Where ledgers and the history of runs are kept: `$RINGBACK_HOME`, or below the user's state folder."""
    if home := os.environ.get("RINGBACK_HOME"):
        return Path(home)
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "ringback"


def _selected(options: RunOptions) -> tuple[Catalogue, list[Claim]]:
    try:
        catalogue = load(options.vendor)
    except LookupError as error:
        raise UsageTrouble(str(error)) from None
    claims = catalogue.select(options.only)
    if not claims:
        raise UsageTrouble(f"no claim matches {' '.join(options.only)}: `ringback claims {options.vendor}` lists them")
    for unknown in set(options.deviations) - set(catalogue.claims):
        raise UsageTrouble(f"the deviations name {unknown}, which is no claim of {options.vendor}")
    return catalogue, claims


def _drawn(options: RunOptions, catalogue: Catalogue, profile: Profile) -> Plan:
    available = plan.means(
        profile, spend=options.budget > 0, hook=options.webhook_url is not None, burst="burst" in options.allow
    )
    effort = options.effort or (THOROUGH if profile is Profile.EMULATOR else POLITE)
    engine = effort.engine_requests if "engine" in options.producers else 0
    drawn = plan.make(catalogue, catalogue.select(options.only), profile, available, options.budget, engine)
    return msgspec.structs.replace(drawn, rate=min(drawn.rate, options.rate or drawn.rate))


def _health(options: RunOptions) -> dict[str, Any] | None:
    """The health of the control API, if it answers: at `--control`, or on loopback at the target's origin."""
    if options.url is None or (options.control is None and not is_loopback(options.url)):
        return None
    where = options.control or _origin(options.url)
    timeout = min(options.timeout, POLL_INTERVAL)
    control = Control(where, Log(), token=options.control_token, ca=options.ca, timeout=timeout)
    try:
        return control.health()
    except ControlTrouble:
        return None
    finally:
        control.close()


@contextmanager
def _site(options: RunOptions, vendor: str, log: Log, notes: list[str]) -> Iterator[Target]:
    profile, health = settle_profile(options)
    if options.url is None:
        with _started(options, vendor, notes) as (origin, base_url, key):
            control = Control(origin, log, token=options.control_token)
            try:
                yield Target(
                    target=IN_PROCESS,
                    base_url=base_url,
                    profile=profile,
                    key=key,
                    control=control if profile is Profile.EMULATOR else None,
                    strict=True,
                    own=True,
                    plain=lambda: _over_tls(options, vendor),
                )
            finally:
                control.close()
        return
    _check_url(options.url)
    if profile is not Profile.EMULATOR:
        if not options.key:
            raise UsageTrouble("a deployment takes a key: --key-env NAME names the variable that holds it")
        yield Target(
            target=_shown(options.url),
            base_url=_base(options.url),
            profile=profile,
            key=options.key,
            control=None,
            strict=True,
            own=False,
            plain=_in_the_clear(options.url),
        )
        return
    _check_health(options, health or {})
    if health is not None and vendor not in health["vendors"]:
        raise TargetTrouble(f"the emulator at {_origin(options.url)} does not serve {vendor}")
    control = Control(options.control or _origin(options.url), log, token=options.control_token, ca=options.ca)
    try:
        with _guest(control):
            yield Target(
                target=_shown(options.url),
                base_url=_emulated_base(options.url, vendor, health or {}),
                profile=profile,
                key=options.key or "",
                control=control,
                strict=bool((health or {}).get("strict")),
                own=False,
                plain=_in_the_clear(options.url),
            )
    finally:
        control.close()


def _check_health(options: RunOptions, health: Mapping[str, Any]) -> None:
    """Refuse an emulator whose ways would be taken for broken claims."""
    clock = health.get("clock")
    if health.get("chaos"):
        raise TargetTrouble(
            f"the emulator at {_origin(options.url or '')} is chaos on purpose: start it without --chaos"
        )
    if isinstance(clock, Mapping) and clock.get("mode") == "scaled":
        raise TargetTrouble(
            f"the clock of the emulator at {_origin(options.url or '')} runs fast: set it to frozen or real"
        )


@contextmanager
def _started(options: RunOptions, vendor: str, notes: list[str]) -> Iterator[tuple[str, str, str]]:
    """An emulator of our own on the frozen clock: its origin, base URL and a key."""
    from ringback.testing import Ringback

    emulator = Ringback(vendor, clock="frozen", seed=options.seed, strict=True, mutants=options.mutants)
    emulator.start()
    try:
        account = emulator.account(vendor, balance="100.00")
        yield emulator.url, account.base_url, account.key
    finally:
        try:
            emulator.stop()
        except Exception as crash:
            notes.append(f"the emulator, at its end: {crash}")


@contextmanager
def _over_tls(options: RunOptions, vendor: str) -> Iterator[str]:
    """Another emulator of our own that is served over TLS: its base URL over plain HTTP."""
    from ringback.testing import Ringback

    with Ringback(
        vendor, clock="frozen", seed=options.seed, strict=True, mutants=options.mutants, tls=True
    ) as emulator:
        yield f"{emulator.url}/{vendor}"


def _in_the_clear(url: str) -> Callable[[], AbstractContextManager[str]] | None:
    """A deployment's base URL over plain HTTP, at the usual port; None where it is not served over TLS there."""
    parts = urlsplit(url)
    if parts.scheme != "https" or parts.port not in (None, 443):
        return None
    return lambda: nullcontext(_base(urlunsplit(("http", parts.hostname or "", parts.path, "", ""))))


@contextmanager
def _guest(control: Control) -> Iterator[None]:
    """In an emulator that belongs to somebody: close the accounts that were opened through this control."""
    try:
        yield
    finally:
        for exchange in control.opened:
            account = (exchange.json() or {}).get("account_id")
            if account:
                _quietly(control, "DELETE", f"/accounts/{account}")


@contextmanager
def _routed(control: Control, receiver: Receiver) -> Iterator[None]:
    """Route our public name to the receiver, which is told what was routed before."""
    receiver.other_routes = _quietly(control, "GET", "/webhook-routes") or {}
    with _led(control, receiver.public, receiver.origin):
        yield


@contextmanager
def _led(control: Control, public: str, origin: str) -> Iterator[None]:
    """Route a public name; what was routed before stays, and is as before in the end."""
    before = _quietly(control, "GET", "/webhook-routes") or {}
    control.call("control", "PUT", "/webhook-routes", {**before, public: origin})
    try:
        yield
    finally:
        _quietly(control, "PUT", "/webhook-routes", before)


def _quietly(control: Control, method: str, path: str, body: Any = None) -> Any:
    try:
        return control.call("control", method, path, body)
    except (ControlRefused, ControlTrouble):
        return None


def _emulated_base(url: str, vendor: str, health: Mapping[str, Any]) -> str:
    if urlsplit(url).path.strip("/"):
        return _base(url)
    urls = health.get("urls")
    return str(urls[vendor]) if isinstance(urls, Mapping) and vendor in urls else f"{url.rstrip('/')}/{vendor}"


def _check_url(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UsageTrouble(f"--url {url!r}: expected http(s)://HOST[:PORT][/PATH], what stands before the page's paths")
    if parts.username or parts.password:
        raise UsageTrouble("--url holds a user name or password: give the key with --key-env NAME instead")
    if parts.query or parts.fragment:
        raise UsageTrouble(f"--url {url!r} has a query or fragment")
    if parts.scheme == "http" and not is_loopback(url):
        raise UsageTrouble(f"--url {url!r} would send the key in the clear: use https")


def _base(url: str) -> str:
    """What stands before the page's paths, where somebody gave an address with the vendor's own base path."""
    return BASE_PATH.sub("", url.rstrip("/"))


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc, "", "", ""))


def _shown(url: str) -> str:
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path.rstrip("/"), "", ""))


def _where(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    place = f" ({Path(frames[-1].filename).name}:{frames[-1].lineno})" if frames else ""
    return f"{type(error).__name__}: {error}{place}"


def _place(exchange: Exchange) -> int:
    return int(exchange.id.rpartition("#")[2])


def _lasting(exchange: Exchange) -> str:
    """What two equal runs have in common of an exchange; a port of this machine is no part of it."""
    ours = exchange.kind is Kind.WEBHOOK
    headers = sorted(header for header in exchange.response_headers if header[0].lower() not in PASSING)
    said = (
        exchange.producer,
        exchange.method,
        exchange.path,
        exchange.request_body,
        exchange.status,
        () if ours else tuple(headers),
        exchange.response_body,
    )
    return OWN_PORT.sub("127.0.0.1", repr(said))
