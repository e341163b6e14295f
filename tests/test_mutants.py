"""Mutants: declared against the contract, patched on seams of one emulator alone, loaded only when they are chosen."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from dataclasses import replace
from types import ModuleType
from typing import Any

import pytest

from ringback import mutants, vendors
from ringback.app import Application
from ringback.carrier.clock import SECOND
from ringback.emulator import Emulator
from ringback.gateway.keys import Keys
from ringback.mutants import MutantError, Registry
from ringback.mutants.patching import Original, SeamError, parts, patch
from ringback.mutants.registry import UNROUTED
from ringback.mutants.traffic import (
    MutableResponse,
    always,
    code,
    drop_query,
    error,
    respond,
    set_header,
    set_query,
    status,
)
from ringback.mutants.transforms import Edit, drop, rename, set_to
from ringback.settings import Settings, SettingsError
from ringback.store import Collection
from ringback.testing import Ringback
from ringback.vendors.kwickphone import VENDOR
from ringback.vendors.kwickphone.records import Number
from ringback.vendors.kwickphone.rules import BILL, KwickPhone

PHONE = "+13465551234"


@pytest.fixture
def registry() -> Registry[KwickPhone]:
    return Registry(VENDOR, KwickPhone)


def emulator() -> Emulator:
    return Application(Settings(vendors=("kwickphone",), clock="frozen")).emulator


def backend(of: Emulator) -> KwickPhone:
    own = of.backends["kwickphone"]
    assert isinstance(own, KwickPhone)
    return own


# -- listing and choosing ------


@pytest.mark.parametrize("vendor", vendors.names())
def test_every_mutant_of_every_vendor_finds_its_contract_and_its_seam(vendor: str) -> None:
    found = mutants.load(vendors.load(vendor))
    assert found
    for mutant in found:
        assert mutant.name.startswith(f"{vendor}.")
        Application(Settings(vendors=(vendor,), clock="frozen", mutants=(mutant.name,)))


def test_an_emulator_without_mutants_imports_none() -> None:
    program = (
        "import sys; from ringback.app import Application; from ringback.settings import Settings;"
        "Application(Settings()); print([name for name in sys.modules if name.startswith('ringback.mutants')])"
    )
    shown = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"


def test_an_unknown_mutant_is_named() -> None:
    with pytest.raises(SettingsError, match=r"unknown mutant 'kwickphone\.none'"):
        Application(Settings(mutants=("kwickphone.none",)))


def test_a_vendor_names_the_module_of_its_own_mutants(
    registry: Registry[KwickPhone], monkeypatch: pytest.MonkeyPatch
) -> None:
    module = ModuleType("elsewhere_mutants")
    module.MUTANTS = registry  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module.__name__, module)
    registry.mutant("list.empty", "KWP-NUM-11", "The list is empty.").response(set_to("data", []), on="listNumbers")
    (found,) = mutants.load(replace(VENDOR, mutants=module.__name__))
    assert (found.name, found.claim) == ("kwickphone.list.empty", "KWP-NUM-11")
    assert mutants.load(replace(VENDOR, mutants=None)) == ()


# -- what is declared is held against the contract ------


def test_a_mutant_without_a_defect_is_an_error(registry: Registry[KwickPhone]) -> None:
    registry.mutant("half", "KWP-NUM-1", "Nothing yet.")
    with pytest.raises(MutantError, match=r"kwickphone\.half"):
        registry.check()


def test_two_mutants_of_one_name_are_an_error(registry: Registry[KwickPhone]) -> None:
    registry.mutant("twice", "KWP-NUM-1", "Once.").response(status_500)
    with pytest.raises(MutantError, match="two mutants"):
        registry.mutant("twice", "KWP-NUM-1", "And again.")


def status_500(response: MutableResponse[KwickPhone]) -> None:
    response.status = 500


@pytest.mark.parametrize("kind", ["response", "request"])
def test_an_unknown_operation_is_an_error(registry: Registry[KwickPhone], kind: str) -> None:
    getattr(registry.mutant("odd", "KWP-NUM-1", "Odd."), kind)(on=("listNumbers", "listNumber"))
    with pytest.raises(MutantError, match=rf"no {kind} 'listNumber'"):
        registry.check()


def test_an_unknown_event_is_an_error(registry: Registry[KwickPhone]) -> None:
    registry.mutant("odd", "KWP-HOOK-1", "Odd.").webhook(on="call.ended")
    with pytest.raises(MutantError, match=r"no event 'call\.ended'"):
        registry.check()


@pytest.mark.parametrize(
    ("kind", "on", "edit"),
    [
        ("response", "listNumbers", drop("data[].direction")),
        ("response", "listNumbers", drop("numbers")),
        ("response", None, drop("data[].nothing")),
        ("response", "listNumbers", set_to("numbers[].id", "x")),
        ("response", UNROUTED, drop("error.nothing")),
        ("request", "createNumber", drop("phone")),
        ("request", "listNumbers", drop("business_phone")),
        ("webhook", "call.completed", rename("call.id", "call_sid")),
        ("webhook", None, drop("**.nothing")),
    ],
)
def test_a_path_that_the_contract_does_not_know_is_an_error(
    registry: Registry[KwickPhone], kind: str, on: Any, edit: Edit
) -> None:
    getattr(registry.mutant("odd", "KWP-NUM-1", "Odd."), kind)(edit, on=on)
    with pytest.raises(MutantError, match="has anything at"):
        registry.check()


@pytest.mark.parametrize(
    ("kind", "on", "edit"),
    [
        ("response", "listNumbers", drop("data[status=released].created_at")),
        ("response", None, drop("data[].direction")),
        ("response", UNROUTED, drop("error.message")),
        ("response", "listNumbers", set_to("data[].webhook_secret", "whsec_1")),
        ("response", "listCalls", drop("**[direction=inbound].caller")),
        ("request", "createNumber", drop("area_code")),
        ("webhook", "call.completed", rename("call.call_sid", "id")),
        ("webhook", None, set_to("", {})),
    ],
)
def test_a_path_that_the_contract_knows_is_none(registry: Registry[KwickPhone], kind: str, on: Any, edit: Edit) -> None:
    getattr(registry.mutant("even", "KWP-NUM-1", "Even."), kind)(edit, on=on)
    registry.check()


def test_every_vendors_contract_can_be_read_for_paths() -> None:
    for name in vendors.names():
        registry: Registry[Any] = Registry(vendors.load(name), object)  # type: ignore[type-var]
        registry.mutant("any", "X-1", "Any.").response(drop("**.id"))
        registry.check()


# -- seams ------


def test_a_patch_is_of_one_emulator_alone() -> None:
    mine, theirs = emulator(), emulator()

    def none_are_active(_: Original, own: KwickPhone, account: str) -> int:
        assert own is backend(mine)
        return 0

    patch(backend(mine), Keys.active, none_are_active)
    account = "acct_kwickphone_seed"
    assert mine.services.keys.active(account) == 0
    assert theirs.services.keys.active(account) == 1


def test_a_timer_calls_what_took_its_handlers_place() -> None:
    own = backend(emulator())
    billed: list[str] = []
    patch(own, KwickPhone.bill, lambda _bill, _own, id_: billed.append(id_))
    clock = own.services.clock
    clock.after(SECOND, "acct_kwickphone_seed", BILL, "num_1")
    asyncio.run(clock.advance(clock.now() + SECOND))
    assert billed == ["num_1"]


def test_a_callback_calls_what_took_its_methods_place() -> None:
    own = backend(emulator())
    own.services.account_funded = own.on_account_opened
    opened: list[str] = []
    patch(own, KwickPhone.on_account_opened, lambda _opened, _own, account: opened.append(account.id))
    own.services.account_funded(own.services.accounts["acct_kwickphone_seed"])
    assert opened == ["acct_kwickphone_seed"]


def test_patches_of_one_seam_are_put_one_upon_the_other() -> None:
    own = backend(emulator())
    for _ in range(2):
        patch(own, Keys.active, lambda active, _own, account: active(account) + 10)
    assert own.services.keys.active("acct_kwickphone_seed") == 21


def test_a_seam_is_a_method_of_an_object_that_the_emulator_has_once() -> None:
    own = backend(emulator())
    with pytest.raises(SeamError, match="not a method"):
        patch(own, len, lambda *_: 0)  # type: ignore[arg-type]
    with pytest.raises(SeamError, match=r"0 parts of type Registry"):
        patch(own, Registry[KwickPhone].check, lambda *_: None)
    with pytest.raises(SeamError, match=r"\d+ parts of type Collection"):
        patch(own, Collection[Number].count, lambda *_: 0)
    patch(own, Collection[Number].count, lambda *_: 7, of=own.records)
    assert own.records.count("account", "x") == 7
    assert own.services.keys.records.count("account", "x") == 0


def test_a_backends_parts_are_its_own() -> None:
    mine, theirs = backend(emulator()), backend(emulator())
    own = {id(part) for part in parts(mine)}
    assert id(mine.services.outbox.egress) in own
    assert not own & {id(part) for part in parts(theirs)}


def test_a_method_can_return_another_value_or_do_nothing(registry: Registry[KwickPhone]) -> None:
    registry.mutant("a", "C-1", "One more.").result(Keys.active, lambda count, own, account: count + 1)
    registry.mutant("b", "C-1", "None.").returns(Keys.active, 0)
    registry.mutant("c", "C-1", "Of no one.").instead(Keys.active, lambda active, own, account: active("no_one"))
    found = []
    for mutant in registry.mutants.values():
        broken = emulator()
        assert mutant.install is not None
        mutant.install(broken)
        found.append(broken.services.keys.active("acct_kwickphone_seed"))
    assert found == [2, 0, 0]


# -- traffic ------


def served(monkeypatch: pytest.MonkeyPatch, registry: Registry[KwickPhone]) -> Ringback:
    """An emulator with all of a registry's mutants at once."""
    module = ModuleType("elsewhere_mutants")
    module.MUTANTS = registry  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setattr("ringback.vendors.load", lambda _: replace(VENDOR, mutants=module.__name__))
    return Ringback("kwickphone", mutants=tuple(registry.mutants))


def test_responses_are_changed_of_their_operations_alone(
    registry: Registry[KwickPhone], monkeypatch: pytest.MonkeyPatch
) -> None:
    registry.mutant("a", "C-1", "a").response(set_to("data", ["x"]), set_header("x-broken", "yes"), on="listNumbers")
    registry.mutant("b", "C-1", "b").response(error(418, "teapot"), on="getTranscript", when=code("not_found"))
    registry.mutant("c", "C-1", "c").response(respond(404, b"<p>", "text/html"), on=UNROUTED, when=status(404))
    registry.mutant("d", "C-1", "d").response(
        lambda response: response.set_header("x-call", response.request.variables["call_id"]),
        on=("getTranscript", "getRecording"),
        when=always,
    )
    with served(monkeypatch, registry) as rb, rb.account("kwickphone").client() as http:
        listed = http.get("/v1/numbers")
        assert listed.json() == {"data": ["x"]}
        assert listed.headers["x-broken"] == "yes"
        assert int(listed.headers["content-length"]) == len(listed.content)
        assert http.get("/v1/calls").json() == {"data": []}
        missing = http.get("/v1/calls/CA1/transcript")
        assert (missing.status_code, missing.json()["error"]["code"]) == (418, "teapot")
        assert missing.headers["x-call"] == "CA1"
        assert http.get("/v1/calls/CA1/recording").status_code == 404
        assert http.get("/v1/nothing").headers["content-type"] == "text/html"


def test_requests_are_changed_before_anything_reads_them(
    registry: Registry[KwickPhone], monkeypatch: pytest.MonkeyPatch
) -> None:
    registry.mutant("a", "C-1", "a").request(set_to("business_phone", PHONE), on="createNumber")
    registry.mutant("b", "C-1", "b").request(drop_query("starting_after"), on="listCalls")
    registry.mutant("c", "C-1", "c").request(
        set_query(limit="0"), on="listCalls", when=lambda request: "limit" in request.query
    )
    with served(monkeypatch, registry) as rb, rb.account("kwickphone", balance="10.00").client() as http:
        made = http.post("/v1/numbers", json={"business_phone": "no number at all", "area_code": "346"})
        assert (made.status_code, made.json()["business_phone"]) == (201, PHONE)
        assert http.get("/v1/calls?starting_after=CA1").status_code == 200
        assert http.get("/v1/calls?limit=5").status_code == 400


def test_events_are_changed_before_they_are_signed(
    registry: Registry[KwickPhone], monkeypatch: pytest.MonkeyPatch
) -> None:
    registry.mutant("a", "C-1", "a").webhook(
        drop("call.caller"), lambda event: event.options.update(secret="other"), on="call.completed"
    )
    registry.mutant("b", "C-1", "b").profile(sign=lambda secret, body, now: (("X-Secret", secret),), retries=())
    registry.mutant("c", "C-1", "c").attempt(lambda delivery, attempt: setattr(attempt, "status", 500))
    with served(monkeypatch, registry) as rb:
        account = rb.account("kwickphone", balance="10.00")
        hook = rb.receiver()
        with account.client() as http:
            number = http.post("/v1/numbers", json={"business_phone": PHONE, "webhook_url": hook.url}).json()
        account.call(number["phone_number"])
        account.advance(hours=1)
        (event,) = hook.requests
        assert "caller" not in event.json()["call"]
        assert event.headers["X-Secret"] == "other"
        (delivery,) = account.deliveries()
        assert delivery["state"] == "failed"
