"""One run of the suite: open the target, send the probes, run the engine and the state machine, clean up, judge."""

from __future__ import annotations

import secrets
import time
import traceback
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from ringback_conformance import contract, judge, plan
from ringback_conformance.catalogue import Catalogue
from ringback_conformance.control import ControlUnavailable
from ringback_conformance.endpoints import open_receiver, open_sockets
from ringback_conformance.expectations import Inconclusive, ProbeFailed
from ringback_conformance.http_client import READING
from ringback_conformance.judge import ClaimVerdict, ProbeResult
from ringback_conformance.ledger import Ledger, LedgerWriter, sweep
from ringback_conformance.listener import ProgressListener
from ringback_conformance.masking import Mask
from ringback_conformance.model import Claim, Profile, RunWarning
from ringback_conformance.options import RunOptions, UsageError, state_folder
from ringback_conformance.plan import Plan
from ringback_conformance.probe_context import ProbeContext
from ringback_conformance.producers.engine import Recording, Share, explore, repeat
from ringback_conformance.result import Result
from ringback_conformance.run_context import RunContext
from ringback_conformance.target import Target, label, open_target, resolve_profile
from ringback_conformance.transport import (
    Log,
    NoResponse,
    NotAllowed,
    Pace,
    Policy,
    Request,
    TargetGone,
    Transport,
)

MAX_REQUESTS = 400
"""Requests a run sends to a deployment that is not ours, unless set otherwise."""
MAX_EMULATED_REQUESTS = 100_000
IDENTIFICATION_ATTEMPTS = 3
OWN_TIMEOUT = 30.0
"""Seconds that an emulator in this process has for a response: it is slow where the machine is, and never gone."""


def conduct(options: RunOptions, listener: ProgressListener | None = None) -> Result:
    """Run the suite.

    Raises UsageError for options that contradict each other, TargetError when there is no such target. An interrupt
    (Ctrl-C) ends the run early, cleans up and returns what was seen until then.
    """
    return Run(options, listener or ProgressListener()).conduct()


def draw_plan(options: RunOptions) -> tuple[Plan, Profile, str]:
    """Return the plan of a run, its profile and target. Sends nothing but a request to a control API on loopback."""
    catalogue, _ = options.selected()
    profile, _ = resolve_profile(options)
    return _plan(options, catalogue, profile), profile, label(options.url)


def _plan(options: RunOptions, catalogue: Catalogue, profile: Profile) -> Plan:
    available = plan.means(
        profile, spend=options.budget > 0, hook=options.webhook_url is not None, burst="burst" in options.allow
    )
    engine = options.effort_for(profile).engine_requests if "engine" in options.producers else 0
    drawn = plan.make(catalogue, catalogue.select(options.only), profile, available, options.budget, engine)
    return msgspec.structs.replace(drawn, rate=min(drawn.rate, options.rate or drawn.rate))


class Run:
    """The state of one run."""

    def __init__(self, options: RunOptions, listener: ProgressListener) -> None:
        self.options = options
        self.listener = listener
        self.catalogue, self.claims = options.selected()
        self.adapter = self.catalogue.adapter
        self.log = Log(listener.sent)
        self.results: dict[str, ProbeResult] = {}
        self.warnings: list[RunWarning] = []
        self.recording = Recording()
        self.notes: list[str] = []
        self.trouble = ""
        self.mistaken = ""
        """Why the target is not the vendor's; then nothing it answers is evidence."""
        self.interrupted = False
        self.left_behind: list[str] = []

    def conduct(self) -> Result:
        """Do what `conduct` says."""
        started = datetime.now(UTC)
        clock = time.monotonic()
        with ExitStack() as stack:
            target = stack.enter_context(open_target(self.options, self.catalogue.vendor, self.log, self.notes))
            drawn = _plan(self.options, self.catalogue, target.profile)
            ledger = self._ledger(target)
            transport = self._transport(target, ledger, drawn)
            stack.callback(transport.close)
            run_context = self._context(stack, target, transport)
            self.listener.planned(target.label, target.profile, drawn)
            try:
                self.mistaken = self._identify(target, transport, ledger)
                if not self.mistaken:
                    self._produce(target, run_context, drawn)
            except KeyboardInterrupt:
                self.interrupted = True
                self._say("interrupted: removing what was created")
            except (TargetGone, ControlUnavailable) as end:
                self.trouble = str(end)
            finally:
                self._clean_up(target, ledger)
            verdicts = self._judge(target, run_context)
        mask = run_context.mask
        return Result(
            vendor=self.catalogue.vendor,
            target=target.label,
            profile=target.profile,
            seed=self.options.seed,
            started_at=started.isoformat(timespec="seconds").replace("+00:00", "Z"),
            seconds=round(time.monotonic() - clock, 3),
            verdicts=verdicts,
            log=self.log.exchanges,
            warnings=self.warnings,
            mask=mask,
            catalogue=self.catalogue,
            trouble=mask.text(self.mistaken or self.trouble),
            interrupted=self.interrupted,
            notes=[mask.text(note) for note in self.notes],
            requests=transport.sent,
            spent=transport.spent if target.profile is not Profile.EMULATOR else 0,
            planned=drawn.cents,
            left_behind=self.left_behind,
            ledger=str(ledger.path) if ledger is not None and not ledger.clean else "",
            recording=self.recording,
        )

    # -- setting up ------

    def _transport(self, target: Target, ledger: Ledger | None, drawn: Plan) -> Transport:
        options = self.options
        if target.profile is Profile.EMULATOR:
            policy = Policy(methods=None, requests=options.requests or MAX_EMULATED_REQUESTS, budget=None, rate=None)
        else:
            allowed = frozenset(options.destinations)
            policy = Policy(
                methods=READING if target.profile is Profile.READONLY else None,
                requests=options.requests or max(MAX_REQUESTS, drawn.requests * 2),
                budget=options.budget,
                price=self.adapter.price,
                charged=self.adapter.charged,
                destinations=self.adapter.destinations,
                allowed=lambda number: number in allowed or self.adapter.harmless(number),
                rate=self.adapter.rate,
            )
        return Transport(
            target.base_url,
            policy,
            self.log,
            ca=options.ca,
            timeout=max(options.timeout, OWN_TIMEOUT) if target.own else options.timeout,
            pace=Pace(None if policy.rate is None else drawn.rate),
            recorder=LedgerWriter(ledger, self.adapter) if ledger is not None else None,
        )

    def _ledger(self, target: Target) -> Ledger | None:
        if target.profile is not Profile.SANDBOX:
            return None
        path = self.options.ledger or state_folder() / f"ledger-{self.catalogue.vendor}-{secrets.token_hex(4)}.jsonl"
        if path.exists():
            raise UsageError(f"{path} exists: remove what it lists with --cleanup {path}, or name another --ledger")
        return Ledger.begin(path, vendor=self.catalogue.vendor, base_url=target.base_url)

    def _context(self, stack: ExitStack, target: Target, transport: Transport) -> RunContext:
        mask = Mask(
            self.adapter.secrets,
            private=self.adapter.private,
            people=self.options.people and target.profile is not Profile.EMULATOR,
        )
        if self.options.control_token:
            mask.learn(self.options.control_token, "$CONTROL_TOKEN")
        return RunContext(
            adapter=self.adapter,
            profile=target.profile,
            transport=transport,
            mask=mask,
            seed=self.options.seed,
            key=target.key,
            control=target.control if target.profile is Profile.EMULATOR else None,
            sockets=open_sockets(stack, target, self.log),
            receiver=open_receiver(stack, target, self.options, self.log, self._say),
            strict=target.strict,
            destination=self.options.destinations[0] if self.options.destinations else "",
            await_call=self.options.await_call,
            say=self._say,
            plain=target.plain,
        )

    def _identify(self, target: Target, transport: Transport, ledger: Ledger | None) -> str:
        """Return why the target cannot be the vendor's, or an empty string."""
        if target.profile is Profile.EMULATOR:
            return ""
        request = Request("GET", self.adapter.health_path, (self.adapter.credentials(target.key),))
        problem: str | None = ""
        for _ in range(IDENTIFICATION_ATTEMPTS):
            try:
                exchange = transport.send("greeting", request, account="yours")
            except NoResponse as error:
                return f"{target.label} cannot be reached: {error.exchange.error}"
            problem = self.adapter.identify(exchange)
            if problem is None:
                if ledger is not None and exchange.status == 200:
                    ledger.before = frozenset(self.adapter.existing(exchange))
                return ""
            if exchange.status == 401:
                break
        return f"{target.label} does not answer as {self.catalogue.vendor} does: {problem}"

    # -- producing ------

    def _produce(self, target: Target, run_context: RunContext, drawn: Plan) -> None:
        for step in drawn.steps:
            if step.skipped:
                self.results[step.claim.id] = ProbeResult(skipped=step.skipped)
        if "probes" in self.options.producers:
            probed = [step.claim.id for step in drawn.runs if step.claim.id in self.catalogue.probes]
            self.results |= dict.fromkeys(probed, ProbeResult(unobserved="the run ended before"))
            for step in drawn.runs:
                self._probe(run_context, step.claim)
        if "machine" in self.options.producers and self._wanted(self.catalogue.machine_claims):
            self._walk(target, run_context)
        if "engine" in self.options.producers and self._wanted(self.catalogue.engine_claims):
            self._explore(target, run_context)

    def _wanted(self, claims: tuple[str, ...]) -> bool:
        return any(claim.id in claims for claim in self.claims)

    def _probe(self, run_context: RunContext, claim: Claim) -> None:
        probe = self.catalogue.probes.get(claim.id)
        if probe is None:
            return
        self.listener.started(claim.id)
        before = len(run_context.observations)
        result = self._attempt(lambda: probe.run(ProbeContext(run_context, claim.id, claim.id)))
        result = msgspec.structs.replace(result, unseen=tuple(run_context.unseen.get(claim.id, ())))
        self.results[claim.id] = result
        held = all(observation.held for observation in run_context.observations[before:])
        self.listener.finished(claim.id, result, held)

    def _attempt(self, action: Callable[[], None]) -> ProbeResult:
        try:
            action()
        except ProbeFailed:
            return ProbeResult(ran=True)
        except Inconclusive as reason:
            return ProbeResult(ran=True, unobserved=str(reason))
        except NotAllowed as reason:
            return ProbeResult(unobserved=str(reason))
        except NoResponse as error:
            self.trouble = self.trouble or str(error)
            return ProbeResult(unobserved=str(error))
        except (TargetGone, ControlUnavailable):
            raise
        except Exception as error:
            return ProbeResult(broken=_where(error))
        return ProbeResult(ran=True)

    def _walk(self, target: Target, run_context: RunContext) -> None:
        drive, effort = self.catalogue.machine, self.options.effort_for(target.profile)
        if target.profile is not Profile.EMULATOR or drive is None or not effort.walks:
            return
        self.listener.started("machine")
        context = ProbeContext(run_context, "machine")
        self._note("machine", self._attempt(lambda: drive(context, effort.walks, effort.steps)))

    def _explore(self, target: Target, run_context: RunContext) -> None:
        self.listener.started("engine")
        self._note("engine", self._attempt(lambda: self._engine(target, run_context)))
        if run_context.transport.gone:
            raise TargetGone(run_context.transport.gone)

    def _engine(self, target: Target, run_context: RunContext) -> None:
        context = ProbeContext(run_context, "engine")
        emulated = target.profile is Profile.EMULATOR
        account = (
            context.account(balance="1000000.00", **self.adapter.unlimited) if emulated else context.default_account()
        )
        sample_ids = self.catalogue.sample_ids(context, account) if emulated else {}
        credentials = self.adapter.credentials(account.key)
        if self.options.recording is not None:
            repeat(
                self.options.recording,
                run_context.transport,
                credentials=credentials,
                account=account.label,
                sample_ids=sample_ids,
            )
            return
        effort = self.options.effort_for(target.profile)
        finding = explore(
            contract.load(self.catalogue.vendor),
            run_context.transport,
            credentials=credentials,
            account=account.label,
            profile=target.profile,
            seed=self.options.seed,
            share=Share(examples=effort.examples, requests=effort.engine_requests),
            sample_ids=sample_ids,
            sanitize=self.adapter.sanitize,
        )
        self.recording = finding.recording
        self.warnings += finding.warnings
        if finding.trouble:
            self.notes.append(f"engine: {finding.trouble}")

    def _note(self, name: str, result: ProbeResult) -> None:
        self.listener.finished(name, result, True)
        if result.broken or result.unobserved:
            self.notes.append(f"{name}: {result.broken or result.unobserved}")
        if result.broken:
            self.trouble = self.trouble or f"the {name} broke: {result.broken}"

    # -- ending ------

    def _clean_up(self, target: Target, ledger: Ledger | None) -> None:
        if ledger is None:
            return
        try:
            if not ledger.clean:
                self.left_behind = sweep(ledger, self.adapter, target.key, self.log, ca=self.options.ca)
        finally:
            ledger.close()
            if not ledger.clean:
                self.left_behind = self.left_behind or ledger.left
                self._say(f"not everything could be removed: ringback conform --cleanup {ledger.path}")

    def _judge(self, target: Target, run_context: RunContext) -> list[ClaimVerdict]:
        if self.mistaken:
            return judge.judge(self.catalogue, self.claims, [], {}, target.profile, {})
        observations = [*run_context.observations, *judge.observe(self.catalogue, self.log.exchanges)]
        return judge.judge(
            self.catalogue, self.claims, observations, self.results, target.profile, self.options.deviations
        )

    def _say(self, message: str) -> None:
        self.notes.append(message)
        self.listener.say(message)


def _where(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    place = f" ({Path(frames[-1].filename).name}:{frames[-1].lineno})" if frames else ""
    return f"{type(error).__name__}: {error}{place}"
