"""The control API's operations. All that the dashboard and the command line can do, they do through these."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from typing import Any, TypeVar
from urllib.parse import parse_qsl

import msgspec
from litestar import Litestar, Request, delete, get, patch, post, put
from litestar.exceptions import HTTPException
from litestar.params import FromPath

from ringback import __version__
from ringback.carrier.clock import SECOND, TimeError, iso_exact, parse_instant
from ringback.carrier.ledger import AmountError, format_usd, usd
from ringback.carrier.script import (
    Script,
    ScriptError,
    check_call_script,
    check_message_script,
    check_script,
    preset_script,
)
from ringback.control import bodies
from ringback.control.views import (
    account_view,
    call_view,
    clock_view,
    delivery_view,
    fault_view,
    har,
    key_view,
    script_view,
)
from ringback.emulator import Emulator, SnapshotError
from ringback.gateway.accounts import Account
from ringback.gateway.asgi import ASGIApp, Receive, Response, Scope, Send, encode
from ringback.gateway.decoding import decode, explain
from ringback.gateway.egress import literal
from ringback.gateway.errors import DecodeError
from ringback.gateway.faults import Fault
from ringback.gateway.keys import AllowlistError, Key, networks
from ringback.gateway.vendor import NumberNotFound, Unsendable, Unsupported, VendorSpec

PREFIX = "/_ringback"
MAX_BODY = 8 * 1024 * 1024
MAX_SNAPSHOT = 1024 * 1024 * 1024
MAX_WAIT = 60.0
MAX_ENTRIES = 10_000
MAX_MESSAGE = 1_600
MAX_URL = 2_048
MAX_MEDIA = 10
MAX_GROUP = 31
_E164 = re.compile(r"\+[1-9][0-9]{1,14}")
_LOOPBACK_NAMES = re.compile(r"(?:localhost|[a-z0-9-]+\.localhost|127(?:\.[0-9]{1,3}){3}|\[::1\])(?::[0-9]+)?")
T = TypeVar("T")
Req = Request[Any, Any, Any]


class ControlError(Exception):
    """A refusal of the control API: HTTP status, code, message, and the field at fault."""

    def __init__(self, status: int, code: str, message: str, param: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.param = param

    def answer(self) -> Response:
        """The error envelope."""
        error = {"code": self.code, "message": self.message}
        if self.param is not None:
            error["param"] = self.param
        return Response(encode({"error": error}), self.status)


def invalid(message: str, param: str | None = None) -> ControlError:
    """A value that will not do."""
    return ControlError(422, "invalid_value", message, param)


def application(emulator: Emulator, urls: Mapping[str, str]) -> ASGIApp:
    """The control API of one emulator."""
    face = ControlHandlers(emulator, urls)
    app = Litestar(
        [
            get(f"{PREFIX}/health")(face.health),
            get(f"{PREFIX}/accounts")(face.list_accounts),
            post(f"{PREFIX}/accounts")(face.open_account),
            get(f"{PREFIX}/accounts/{{account_id:str}}")(face.show_account),
            patch(f"{PREFIX}/accounts/{{account_id:str}}")(face.change_account),
            delete(f"{PREFIX}/accounts/{{account_id:str}}", status_code=200)(face.close_account),
            post(f"{PREFIX}/accounts/{{account_id:str}}/fund")(face.fund),
            post(f"{PREFIX}/accounts/{{account_id:str}}/keys")(face.issue_key),
            delete(f"{PREFIX}/accounts/{{account_id:str}}/keys/{{key_id:str}}", status_code=200)(face.revoke_key),
            post(f"{PREFIX}/accounts/{{account_id:str}}/keys/{{key_id:str}}/rotate")(face.rotate_key),
            get(f"{PREFIX}/clock")(face.show_clock),
            post(f"{PREFIX}/clock")(face.set_clock),
            post(f"{PREFIX}/clock/advance")(face.advance),
            get(f"{PREFIX}/calls")(face.list_calls),
            post(f"{PREFIX}/calls")(face.call),
            post(f"{PREFIX}/messages")(face.message),
            get(f"{PREFIX}/scripts")(face.list_scripts),
            post(f"{PREFIX}/scripts")(face.set_script),
            delete(f"{PREFIX}/scripts/{{script_id:str}}", status_code=200)(face.lift_script),
            get(f"{PREFIX}/faults")(face.list_faults),
            post(f"{PREFIX}/faults")(face.set_fault),
            delete(f"{PREFIX}/faults/{{fault_id:str}}", status_code=200)(face.lift_fault),
            get(f"{PREFIX}/deliveries")(face.list_deliveries),
            get(f"{PREFIX}/deliveries/{{delivery_id:str}}")(face.show_delivery),
            post(f"{PREFIX}/deliveries/{{delivery_id:str}}/replay")(face.replay),
            get(f"{PREFIX}/journal")(face.read_journal),
            get(f"{PREFIX}/snapshot")(face.take_snapshot),
            put(f"{PREFIX}/snapshot")(face.restore_snapshot),
            post(f"{PREFIX}/reset")(face.reset),
            get(f"{PREFIX}/mutants")(face.list_mutants),
            get(f"{PREFIX}/hosts")(face.show_hosts),
            put(f"{PREFIX}/hosts")(face.set_hosts),
            get(f"{PREFIX}/webhook-routes")(face.show_routes),
            put(f"{PREFIX}/webhook-routes")(face.set_routes),
        ],
        openapi_config=None,
        logging_config=None,
        request_max_body_size=MAX_SNAPSHOT,
        exception_handlers={Exception: _worded(emulator)},
    )

    async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
        refusal = _refused(emulator, scope)
        await (refusal.answer() if refusal is not None else app)(scope, receive, send)  # type: ignore[arg-type]

    return guarded


def _refused(emulator: Emulator, scope: Scope) -> ControlError | None:
    """The token where one is set; without one, only callers that name a loopback host, as no foreign web page can."""
    headers = dict(scope["headers"])
    token = emulator.settings.control_token
    if token is not None:
        if headers.get(b"authorization", b"") != b"Bearer " + token.encode():
            return ControlError(401, "unauthorized", "Send the control token as Authorization: Bearer TOKEN.")
        return None
    host = headers.get(b"host", b"localhost").decode("latin-1").lower()
    if not _LOOPBACK_NAMES.fullmatch(host):
        return ControlError(403, "forbidden", "Without a control token the control API answers to loopback names only.")
    origin = headers.get(b"origin")
    if origin is not None and not _LOOPBACK_NAMES.fullmatch(origin.decode("latin-1").lower().partition("://")[2]):
        return ControlError(403, "forbidden", "The control API is not for pages of other sites.")
    return None


def _worded(emulator: Emulator) -> Any:
    def answer(_: Req, error: Exception) -> Response:
        if isinstance(error, ControlError):
            return error.answer()
        if isinstance(error, DecodeError):
            whole = error.param is None and "JSON" in error.problem
            status, code = (400, "malformed") if whole else (422, "invalid_value")
            subject = f"{error.param} " if error.param else ""
            return ControlError(status, code, f"{subject}{error.problem}", error.param).answer()
        if isinstance(error, HTTPException) and error.status_code < 500:
            if error.status_code == 413:
                return ControlError(413, "too_large", "The body is too large.").answer()
            return ControlError(404, "not_found", "The control API has no such path and method.").answer()
        emulator.services.record_crash(error)
        return ControlError(500, "internal_error", f"{type(error).__name__}: {error}").answer()

    return answer


def _ok(document: Any, status: int = 200) -> Response:
    return Response(encode(document), status)


def _query(request: Req) -> dict[str, str]:
    return dict(parse_qsl(request.scope["query_string"].decode("latin-1"), keep_blank_values=True))


async def _body(request: Req, kind: type[T]) -> T:
    raw = await request.body()
    if len(raw) > MAX_BODY:
        raise ControlError(413, "too_large", f"A body has at most {MAX_BODY} bytes.")
    return decode(raw or b"{}", msgspec.json.Decoder(kind))


class ControlHandlers:
    """The handlers, over one emulator."""

    def __init__(self, emulator: Emulator, urls: Mapping[str, str]) -> None:
        self.emulator = emulator
        self.urls = urls

    # -- looking things up ------

    def _vendor(self, name: str) -> VendorSpec:
        vendor = self.emulator.vendors.get(name)
        if vendor is None:
            raise invalid(f"there is no vendor {name!r} here: {', '.join(self.emulator.vendors)}", "vendor")
        return vendor

    def _account(self, id_: str) -> Account:
        account = self.emulator.services.accounts.get(id_)
        if account is None:
            raise ControlError(404, "not_found", f"there is no account {id_!r}", "account_id")
        return account

    def _key(self, account: Account, id_: str) -> Key:
        key = self.emulator.services.keys.records.get(id_)
        if key is None or key.account != account.id:
            raise ControlError(404, "not_found", f"the account has no key {id_!r}", "key_id")
        return key

    def _amount(self, text: str, param: str) -> int:
        try:
            return usd(text)
        except AmountError as error:
            raise invalid(str(error), param) from None

    def _instant(self, text: str, param: str) -> int:
        try:
            return parse_instant(text)
        except TimeError as error:
            raise invalid(str(error), param) from None

    # -- accounts ------

    async def health(self) -> Response:
        """Whether it answers, what it serves, and what time it is."""
        return _ok(
            {
                "status": "ok",
                "version": __version__,
                "vendors": list(self.emulator.vendors),
                "clock": clock_view(self.emulator),
                "seed": self.emulator.settings.seed,
                "strict": self.emulator.services.outbox.egress.strict,
                "chaos": self.emulator.settings.chaos,
                "mutants": sorted(self.emulator.mutants),
                "urls": dict(self.urls),
            }
        )

    async def list_accounts(self, request: Req) -> Response:
        """All accounts in brief, newest first."""
        wanted = _query(request).get("vendor")
        accounts = [account for account in self.emulator.services.accounts if wanted in (None, account.vendor)]
        return _ok(
            {
                "data": [
                    {
                        "account_id": account.id,
                        "vendor": account.vendor,
                        "name": account.name,
                        "balance": format_usd(self.emulator.services.ledger.balance(account.id)),
                        "now": iso_exact(self.emulator.services.clock.now(account.id)),
                    }
                    for account in reversed(accounts)
                ]
            }
        )

    async def open_account(self, request: Req) -> Response:
        """A new account with keys; their secrets are in this answer alone."""
        body = await _body(request, bodies.AccountBody)
        vendor = self._vendor(body.vendor)
        balance = self._amount(body.balance, "balance")
        now = self._instant(body.now, "now") if body.now is not None else None
        keys = body.keys if body.keys is not None else [bodies.KeyBody()]
        if vendor.max_keys is not None and len(keys) > vendor.max_keys:
            raise invalid(f"an account has at most {vendor.max_keys} active keys", "keys")
        for key in keys:
            self._check_key(vendor, key)
        try:
            account = self.emulator.services.open_account(
                vendor.name, name=body.name, settings=body.settings, balance=balance, now=now
            )
        except msgspec.ValidationError as error:
            raise _setting(error) from None
        issued = [self._issue(account, key) for key in keys]
        return _ok(
            {
                "account_id": account.id,
                "vendor": vendor.name,
                "base_url": self.urls[vendor.name],
                "balance": format_usd(self.emulator.services.ledger.balance(account.id)),
                "now": iso_exact(self.emulator.services.clock.now(account.id)),
                "keys": [key_view(key, secret=True) for key in issued],
                **self._signing(account),
            },
            201,
        )

    async def show_account(self, account_id: FromPath[str]) -> Response:
        """An account with balance, ledger tail, numbers and key ids."""
        account = self._account(account_id)
        return _ok(account_view(self.emulator, account, self.urls[account.vendor]))

    async def change_account(self, request: Req, account_id: FromPath[str]) -> Response:
        """Change some of an account's settings."""
        account = self._account(account_id)
        changes = await _body(request, dict[str, Any])
        try:
            self.emulator.services.change_settings(account, changes)
        except msgspec.ValidationError as error:
            raise _setting(error) from None
        return _ok(account_view(self.emulator, account, self.urls[account.vendor]) | self._signing(account))

    def _signing(self, account: Account) -> dict[str, Any]:
        """The secret of the account's webhooks, where it has one for all of them."""
        backend = self.emulator.backends[account.vendor]
        secret = backend.webhook_secret(account.id)
        return {} if secret is None else {"webhook_secret": secret}

    async def close_account(self, account_id: FromPath[str]) -> Response:
        """Revoke an account's keys, release its numbers and stop its timers; what it had stays to be looked at."""
        self.emulator.services.close_account(self._account(account_id))
        return _ok({"closed": True})

    async def fund(self, request: Req, account_id: FromPath[str]) -> Response:
        """Put money in, or with a negative amount take it away."""
        account = self._account(account_id)
        body = await _body(request, bodies.FundBody)
        self.emulator.services.fund(account, self._amount(body.amount, "amount"))
        return _ok({"balance": format_usd(self.emulator.services.ledger.balance(account.id))})

    # -- keys ------

    def _check_key(self, vendor: VendorSpec, body: bodies.KeyBody) -> None:
        if vendor.scopes and body.scope is not None and body.scope not in vendor.scopes:
            raise invalid(f"scope is one of {', '.join(vendor.scopes)}", "scope")
        if vendor.kinds and body.kind is not None and body.kind not in vendor.kinds:
            raise invalid(f"kind is one of {', '.join(vendor.kinds)}", "kind")
        try:
            networks(body.allowlist)
        except AllowlistError as error:
            raise invalid(str(error), "allowlist") from None
        if isinstance(body.rate_limit, int) and body.rate_limit < 1:
            raise invalid("rate_limit is at least 1; null lifts it", "rate_limit")
        backend = self.emulator.backends[vendor.name]
        try:
            backend.check_key(body.kind, body.agent_handle)
        except Unsupported as error:
            raise invalid(f"{vendor.title} {error}", "agent_handle") from None
        except ValueError as error:
            raise invalid(str(error), "agent_handle") from None

    def _agent(self, account: Account, handle: str | None) -> str | None:
        backend = self.emulator.backends[account.vendor]
        return backend.agent_of_key(account.id, handle) if handle is not None else None

    def _issue(self, account: Account, body: bodies.KeyBody) -> Key:
        return self.emulator.services.issue_key(
            account,
            label=body.label,
            scope=body.scope,
            kind=body.kind,
            allowlist=body.allowlist,
            rate_limit=body.rate_limit,
            agent=self._agent(account, body.agent_handle),
        )

    async def issue_key(self, request: Req, account_id: FromPath[str]) -> Response:
        """One more key; its secret is in this answer alone. 409 when the account has as many as it may."""
        account = self._account(account_id)
        body = await _body(request, bodies.KeyBody)
        self._check_key(self.emulator.vendors[account.vendor], body)
        most = self.emulator.vendors[account.vendor].max_keys
        if most is not None and self.emulator.services.keys.active(account.id) >= most:
            raise ControlError(409, "key_limit", f"the account has {most} active keys, as many as it may: revoke one")
        return _ok(key_view(self._issue(account, body), secret=True), 201)

    async def revoke_key(self, account_id: FromPath[str], key_id: FromPath[str]) -> Response:
        """End a key at once."""
        key = self._key(self._account(account_id), key_id)
        self.emulator.services.keys.records.update(key, status="revoked")
        return _ok({"revoked": True, "key_id": key.id})

    async def rotate_key(self, account_id: FromPath[str], key_id: FromPath[str]) -> Response:
        """A new key in place of an old one; the old one ends after the vendor's overlap."""
        account = self._account(account_id)
        key = self._key(account, key_id)
        if key.status != "active":
            raise ControlError(409, "key_revoked", "a revoked key cannot be rotated")
        overlap = self.emulator.vendors[account.vendor].key_overlap * SECOND
        if overlap:
            self.emulator.services.keys.records.update(
                key, expires_at=self.emulator.services.clock.now(account.id) + overlap
            )
        else:
            self.emulator.services.keys.records.update(key, status="revoked")
        fresh = self.emulator.services.issue_key(
            account,
            label=key.label,
            scope=key.scope,
            kind=key.kind,
            allowlist=key.allowlist,
            rate_limit=key.rate_limit,
            agent=key.agent,
        )
        return _ok({**key_view(fresh, secret=True), "replaces": key.id}, 201)

    # -- time ------

    async def show_clock(self) -> Response:
        """The server's clock."""
        return _ok(clock_view(self.emulator))

    async def set_clock(self, request: Req) -> Response:
        """Switch the mode, and move on to `now`. Time moves forward only."""
        body = await _body(request, bodies.ClockBody)
        clock = self.emulator.services.clock
        mode = body.mode or clock.mode
        factor = body.factor if body.factor is not None else (clock.factor if mode == clock.mode else 1.0)
        if mode == "scaled" and not 0 < factor <= 1e9:
            raise invalid("factor is more than 0 and at most 1e9", "factor")
        if body.factor is not None and mode != "scaled":
            raise invalid("factor goes with mode scaled", "factor")
        target = self._instant(body.now, "now") if body.now is not None else None
        if target is not None and target < clock.now():
            raise invalid(
                f"time moves forward only: it is {iso_exact(clock.now())} already. "
                "An account's own clock may start anywhere: give `now` when opening it",
                "now",
            )
        clock.set(mode, factor)
        if target is not None:
            await clock.advance(max(target, clock.now()))
        return _ok(clock_view(self.emulator))

    async def advance(self, request: Req) -> Response:
        """Move time on, and answer when all that fell due was done and its webhooks attempted."""
        body = await _body(request, bodies.AdvanceBody)
        if (body.seconds is not None) + (body.until is not None) + body.idle != 1:
            raise invalid("give exactly one of seconds, until, idle")
        account = self._account(body.account_id).id if body.account_id is not None else ""
        clock, outbox = self.emulator.services.clock, self.emulator.services.outbox
        attempted = (
            outbox.dispatcher.attempt_counts.get(account, 0)
            if account
            else sum(outbox.dispatcher.attempt_counts.values())
        )
        if body.idle:
            fired = await clock.advance_idle(account)
        else:
            if body.until is not None:
                until = self._instant(body.until, "until")
            elif body.seconds is None or not 0 <= body.seconds <= 1e11:
                raise invalid("seconds is not negative, and at most 1e11", "seconds")
            else:
                until = clock.now(account) + round(body.seconds * SECOND)
            try:
                fired = await clock.advance(until, account)
            except TimeError as error:
                raise invalid(str(error), "until" if body.until is not None else "seconds") from None
        now_attempted = (
            outbox.dispatcher.attempt_counts.get(account, 0)
            if account
            else sum(outbox.dispatcher.attempt_counts.values())
        )
        return _ok({"now": iso_exact(clock.now(account)), "fired": fired, "deliveries": now_attempted - attempted})

    # -- the far end ------

    async def call(self, request: Req) -> Response:
        """Somebody calls a number. 404 when nobody answers there."""
        body = await _body(request, bodies.CallBody)
        vendor = self._vendor(body.vendor)
        self._check_number(body.from_, "from")
        if body.script is not None and body.scenario is not None:
            raise invalid("give a script or a scenario, not both", "scenario")
        try:
            script = preset_script(body.scenario) if body.scenario is not None else body.script or Script()
            self._check_analysis(vendor, script)
            call = self.emulator.backends[vendor.name].receive_call(body.to, body.from_, script)
        except NumberNotFound:
            raise ControlError(404, "nobody_answers", f"no number of {vendor.name} takes calls at {body.to}") from None
        except ScriptError as error:
            param = "scenario" if body.scenario is not None else f"script.{error.param}"
            raise invalid(str(error), param) from None
        return _ok({"call_id": call.id, "account_id": call.account}, 201)

    async def list_calls(self, request: Req) -> Response:
        """Calls with what is said on them, newest first."""
        query = _query(request)
        limit = _whole(query, "limit", 100, MAX_ENTRIES)
        calls = self.emulator.services.calls.records
        account = query.get("account_id")
        found = calls.page("account", self._account(account).id, limit) if account else calls.page("all", True, limit)
        return _ok({"data": [call_view(call) for call in found]})

    async def message(self, request: Req) -> Response:
        """Somebody sends a message to a number. 404 when nobody has it."""
        body = await _body(request, bodies.MessageBody)
        vendor = self._vendor(body.vendor)
        backend = self.emulator.backends[vendor.name]
        self._check_number(body.from_, "from")
        if not 1 <= len(body.body) <= MAX_MESSAGE:
            raise invalid(f"body has from 1 to {MAX_MESSAGE} characters", "body")
        if len(body.media_urls) > MAX_MEDIA or any(len(url) > MAX_URL for url in body.media_urls):
            raise invalid(f"media_urls are at most {MAX_MEDIA}, of at most {MAX_URL} characters", "media_urls")
        self._check_group(body)
        try:
            message = backend.receive_message(body.to, body.from_, body.body, tuple(body.media_urls), tuple(body.group))
        except NumberNotFound:
            raise ControlError(
                404, "nobody_answers", f"no number of {vendor.name} takes messages at {body.to}"
            ) from None
        except Unsendable as error:
            raise invalid(str(error), error.param) from None
        except Unsupported as error:
            raise invalid(f"{vendor.title} {error}", "vendor") from None
        return _ok({"message_id": message.id, "account_id": message.account}, 201)

    async def list_scripts(self) -> Response:
        """The scripts that wait for an outbound call or message, oldest first."""
        return _ok({"data": [script_view(waiting) for waiting in self.emulator.services.scripts.records]})

    async def set_script(self, request: Req) -> Response:
        """Say what happens to the next outbound call or message."""
        body = await _body(request, bodies.ScriptBody)
        vendor = self._vendor(body.vendor)
        account = self._account(body.account_id).id if body.account_id is not None else ""
        if not vendor.outbound:
            raise invalid(f"{vendor.title} places no outbound calls and sends no messages", "vendor")
        if body.match.kind is not None and body.match.kind not in vendor.outbound:
            raise invalid(f"{vendor.title} has no outbound {body.match.kind}", "match.kind")
        check = {"call": check_call_script, "message": check_message_script}.get(body.match.kind or "", check_script)
        try:
            check(body.script)
            self._check_analysis(vendor, body.script)
        except ScriptError as error:
            raise invalid(str(error), f"script.{error.param}") from None
        return _ok(script_view(self.emulator.services.scripts.add(vendor.name, account, body.match, body.script)), 201)

    async def lift_script(self, script_id: FromPath[str]) -> Response:
        """Take back a script that waits."""
        waiting = self.emulator.services.scripts.records.get(script_id)
        if waiting is None:
            raise ControlError(404, "not_found", f"no script {script_id!r} waits", "script_id")
        self.emulator.services.scripts.records.remove(waiting)
        return _ok({"lifted": True, **script_view(waiting)})

    def _check_analysis(self, vendor: VendorSpec, script: Script) -> None:
        if script.analysis is None:
            return
        try:
            self.emulator.backends[vendor.name].check_analysis(script.analysis)
        except Unsupported as error:
            raise ScriptError("analysis", f"{vendor.title} {error}") from None

    def _check_group(self, body: bodies.MessageBody) -> None:
        if len(body.group) > MAX_GROUP:
            raise invalid(f"group has at most {MAX_GROUP} numbers", "group")
        for number in body.group:
            self._check_number(number, "group")
        if body.group and len({body.to, body.from_, *body.group}) < 2 + len(body.group):
            raise invalid("group names the others, each once: neither who writes nor the number written to", "group")

    def _check_number(self, text: str, param: str) -> None:
        if not _E164.fullmatch(text):
            raise invalid(f"{param} is a number in E.164, such as +12145559876", param)

    # -- trouble ------

    async def list_faults(self) -> Response:
        """The faults that are set."""
        return _ok({"data": [fault_view(fault) for fault in self.emulator.services.faults.records]})

    async def set_fault(self, request: Req) -> Response:
        """Set a fault. An operation that the vendor does not have is refused."""
        body = await _body(request, bodies.FaultBody)
        vendor = self._vendor(body.vendor)
        account = self._account(body.account_id).id if body.account_id is not None else ""
        if sum(value is not None for value in (body.first, body.every, body.probability)) > 1:
            raise invalid("give at most one of first, every, probability")
        for name in ("first", "every"):
            value = getattr(body, name)
            if value is not None and value < 1:
                raise invalid(f"{name} is at least 1", name)
        if body.probability is not None and not 0 <= body.probability <= 1:
            raise invalid("probability is from 0 to 1", "probability")
        faults = self.emulator.services.faults.records
        fault = faults.add(
            Fault(
                id=f"fault_{faults.created + 1}",
                account=account,
                vendor=vendor.name,
                effect=body.effect,
                operation=self._operation(vendor, body),
                event=body.event,
                first=body.first,
                every=body.every,
                probability=body.probability,
            )
        )
        return _ok(fault_view(fault), 201)

    def _operation(self, vendor: VendorSpec, body: bodies.FaultBody) -> str | None:
        if body.operation is not None:
            if body.operation not in {operation.id for operation in vendor.operations}:
                known = ", ".join(operation.id for operation in vendor.operations)
                raise invalid(f"{vendor.name} has no operation {body.operation!r}: {known}", "operation")
            return body.operation
        if body.path is None and body.method is None:
            return None
        if body.path is None or body.method is None:
            raise invalid("method and path go together", "path" if body.path is None else "method")
        for operation in vendor.operations:
            if operation.method == body.method.upper() and operation.path == body.path:
                return operation.id
        found = vendor.operation_at(body.method.upper(), body.path)
        if found is None:
            raise invalid(f"{vendor.name} has no {body.method} {body.path}", "path")
        return found

    async def lift_fault(self, fault_id: FromPath[str]) -> Response:
        """Lift a fault."""
        fault = self.emulator.services.faults.records.get(fault_id)
        if fault is None:
            raise ControlError(404, "not_found", f"there is no fault {fault_id!r}", "fault_id")
        self.emulator.services.faults.records.remove(fault)
        return _ok({"lifted": True, **fault_view(fault)})

    async def show_hosts(self) -> Response:
        """The addresses that stand in for DNS."""
        return _ok(self.emulator.services.outbox.egress.hosts)

    async def show_routes(self) -> Response:
        """The local origins that receive in place of public ones."""
        return _ok(self.emulator.services.outbox.egress.routes)

    async def set_hosts(self, request: Req) -> Response:
        """Addresses that stand in for DNS when webhooks are sent."""
        hosts = await _body(request, dict[str, list[str]])
        for name, addresses in hosts.items():
            for address in addresses:
                if literal(address) is None:
                    raise invalid(f"{address!r} is not an IP address", name)
        egress = self.emulator.services.outbox.egress
        egress.hosts = {name.lower(): tuple(addresses) for name, addresses in hosts.items()}
        return _ok(hosts)

    async def set_routes(self, request: Req) -> Response:
        """Local origins that receive in place of public ones."""
        routes = await _body(request, dict[str, str])
        for public, local in routes.items():
            if "://" not in public or "://" not in local:
                raise invalid("a route maps https://hooks.example.test, say, to http://127.0.0.1:9000", public)
        self.emulator.services.outbox.egress.routes = {
            public.rstrip("/").lower(): local.rstrip("/") for public, local in routes.items()
        }
        return _ok(self.emulator.services.outbox.egress.routes)

    async def list_mutants(self) -> Response:
        """Return every way in which the emulator can be made to break a claim."""
        from ringback import mutants

        return _ok(
            {
                "data": [
                    {
                        "name": mutant.name,
                        "claim": mutant.claim,
                        "breaks": mutant.description,
                        "touches": list(mutant.also_breaks),
                        "vendor": vendor.name,
                    }
                    for vendor in self.emulator.vendors.values()
                    for mutant in mutants.load(vendor)
                ]
            }
        )

    # -- sight ------

    async def list_deliveries(self, request: Req) -> Response:
        """Webhook events with every attempt, newest first; `since` is an instant."""
        query = _query(request)
        account = query.get("account_id")
        since = self._instant(query["since"], "since") if query.get("since") else None
        records = self.emulator.services.outbox.records
        limit = _whole(query, "limit", MAX_ENTRIES, MAX_ENTRIES)
        found = []
        for delivery in records.newest("account", account) if account is not None else records.newest("all", True):
            if query.get("event") not in (None, "", delivery.event):
                continue
            if since is not None and delivery.created_at < since:
                continue
            found.append(delivery_view(delivery))
            if len(found) >= limit:
                break
        return _ok({"data": found})

    async def show_delivery(self, delivery_id: FromPath[str]) -> Response:
        """One webhook event."""
        delivery = self.emulator.services.outbox.records.get(delivery_id)
        if delivery is None:
            raise ControlError(404, "not_found", f"there is no delivery {delivery_id!r}", "delivery_id")
        return _ok(delivery_view(delivery))

    async def replay(self, delivery_id: FromPath[str]) -> Response:
        """Send an event once more, now, and answer when that was attempted."""
        delivery = self.emulator.services.outbox.records.get(delivery_id)
        if delivery is None:
            raise ControlError(404, "not_found", f"there is no delivery {delivery_id!r}", "delivery_id")
        await asyncio.wait((self.emulator.services.outbox.replay(delivery),))
        return _ok(delivery_view(delivery))

    async def read_journal(self, request: Req) -> Response:
        """What happened, newest first. `wait` seconds for what is newer than `since`; `format=har` for an archive."""
        query = _query(request)
        account = query.get("account_id")
        limit = _whole(query, "limit", 100, MAX_ENTRIES)
        journal = self.emulator.services.journal
        since = _whole(query, "since", 0, 2**62)
        wait = _seconds(query, "wait")
        if wait and "since" not in query:
            since = journal.last
        entries = journal.read(account, limit, since)
        deadline = asyncio.get_running_loop().time() + wait
        while (
            not entries and wait and not journal.closed and (left := deadline - asyncio.get_running_loop().time()) > 0
        ):
            await journal.wait(left)
            entries = journal.read(account, limit, since)
        if query.get("kind"):
            entries = [entry for entry in entries if entry.kind == query["kind"]]
        if query.get("format") == "har":
            return _ok(har(self.emulator, entries, __version__))
        return _ok({"data": [entry.render() for entry in entries], "last": journal.last})

    # -- the whole ------

    async def take_snapshot(self) -> Response:
        """The whole state as one document; saved too where the server keeps a state file."""
        if self.emulator.settings.state:
            from pathlib import Path

            from ringback.state import save

            try:
                save(Path(self.emulator.settings.state), self.emulator)
            except OSError as error:
                raise ControlError(409, "state_not_saved", f"the state file was not written: {error}") from None
        return _ok(self.emulator.snapshot())

    async def restore_snapshot(self, request: Req) -> Response:
        """Go back (or on) to a snapshot."""
        document = decode(await request.body(), msgspec.json.Decoder(dict[str, Any]))
        try:
            self.emulator.restore(document)
        except SnapshotError as error:
            raise invalid(str(error)) from None
        return _ok({"restored": True, "clock": clock_view(self.emulator)})

    async def reset(self) -> Response:
        """Forget everything and open the seed accounts afresh; the clock stays where it is."""
        self.emulator.clear()
        if self.emulator.settings.seed_accounts:
            self.emulator.seed()
        return _ok({"reset": True, "clock": clock_view(self.emulator)})


def _setting(error: msgspec.ValidationError) -> ControlError:
    problem = explain(error)
    subject = f"{problem.param} " if problem.param else ""
    return invalid(f"{subject}{problem.problem}", f"settings.{problem.param}" if problem.param else "settings")


def _whole(query: Mapping[str, str], name: str, default: int, most: int) -> int:
    text = query.get(name, "")
    if not text:
        return default
    if not (text.isascii() and text.isdigit()) or int(text) > most:
        raise invalid(f"{name} is a whole number up to {most}", name)
    return int(text)


def _seconds(query: Mapping[str, str], name: str) -> float:
    text = query.get(name, "")
    if not text:
        return 0.0
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= MAX_WAIT:
        raise invalid(f"{name} is from 0 to {MAX_WAIT:g} seconds", name)
    return seconds
