"""A vendor's mutants: declared where an operation, a path and a change say it all, else patched on a named seam."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Concatenate, Generic, NamedTuple, ParamSpec, TypeVar

from ringback.emulator import Emulator
from ringback.gateway.asgi import ASGIApp
from ringback.gateway.delivery import Attempt, AttemptSigner, Delivery, Signer
from ringback.gateway.vendor import VendorBackend, VendorSpec
from ringback.mutants import patching, webhooks
from ringback.mutants.contract import Body, Contract
from ringback.mutants.traffic import (
    Interceptor,
    MutableRequest,
    MutableResponse,
    RequestChange,
    RequestCondition,
    ResponseChange,
    ResponseCondition,
    succeeded,
)
from ringback.mutants.transforms import Edit
from ringback.mutants.webhooks import EventChange, EventCondition, MutableEvent

B = TypeVar("B", bound=VendorBackend)
S = TypeVar("S")
P = ParamSpec("P")
R = TypeVar("R")

UNROUTED = "unrouted"
"""In place of an operationId: a path or method that the vendor does not have."""
On = str | Collection[str] | None
"""The operations, or the webhook events, that a change is for: one, several, or None for all."""


class MutantError(ValueError):
    """A mutant that names an operation, an event or a path that the vendor's contract does not have."""


@dataclass(frozen=True)
class Mutant:
    """A named way to break one claim.

    `description` says in one line what goes wrong, `also_breaks` names claims that the same defect cannot help
    breaking. `install` breaks a new emulator from within, `wrap` puts something around the vendor's app.
    """

    name: str
    claim: str
    description: str
    also_breaks: tuple[str, ...] = ()
    install: Callable[[Emulator], None] | None = None
    wrap: Callable[[Emulator, ASGIApp], ASGIApp] | None = None


class Declared(NamedTuple):
    """What a mutant says of the contract: in what kind of body, of which operations or events, it makes which edits."""

    mutant: str
    body: Body
    on: On
    edits: tuple[Edit, ...]


class Registry(Generic[B]):
    """One vendor's mutants, by their full names."""

    def __init__(self, vendor: VendorSpec, backend: type[B]) -> None:
        self.vendor = vendor
        self.mutants: dict[str, Mutant] = {}
        self.declared: list[Declared] = []
        self._backend = backend
        self._unfinished: set[str] = set()
        self._checked = False

    def mutant(self, name: str, claim: str, description: str, *also_breaks: str) -> Declaration[B]:
        """Begin a mutant; a method of what this returns says how it breaks the claim.

        `name` is without the vendor's, `also_breaks` are claims that the same defect cannot help breaking.
        """
        full = f"{self.vendor.name}.{name}"
        if full in self.mutants or full in self._unfinished:
            raise MutantError(f"there are two mutants called {full}")
        self._unfinished.add(full)
        return Declaration(self, Mutant(full, claim, description, also_breaks))

    def add(self, mutant: Mutant) -> None:
        """Register a mutant that is complete."""
        self._unfinished.discard(mutant.name)
        self.mutants[mutant.name] = mutant

    def backend_of(self, emulator: Emulator) -> B:
        """Return the vendor's backend in an emulator."""
        backend = emulator.backends[self.vendor.name]
        if not isinstance(backend, self._backend):
            raise TypeError(f"the backend of {self.vendor.name} is not a {self._backend.__name__}")
        return backend

    def check(self) -> None:
        """Hold the mutants against the vendor's contract, once. Raises MutantError."""
        if self._checked:
            return
        for problem in self._problems(Contract.load(self.vendor.name)):
            raise MutantError(problem)
        self._checked = True

    def _problems(self, contract: Contract) -> Iterator[str]:
        for name in sorted(self._unfinished):
            yield f"{name}: nothing says how it breaks its claim"
        for declared in self.declared:
            known = {UNROUTED, *contract.names(declared.body)}
            names = None if declared.on is None else set(_names(declared.on))
            places = None if names is None or UNROUTED in names else names
            for name in sorted((names or set()) - known):
                yield f"{declared.mutant}: the contract has no {declared.body} {name!r}"
            for edit in declared.edits:
                if not contract.has(declared.body, places, edit.path, adds=edit.adds):
                    yield f"{declared.mutant}: no {declared.body} of the contract has anything at {edit.path!r}"


class Declaration(Generic[B]):
    """A mutant without its defect: one of the methods adds that, and registers it."""

    def __init__(self, registry: Registry[B], mutant: Mutant) -> None:
        self._registry = registry
        self._mutant = mutant

    # -- declared defects ------

    def response(self, *changes: ResponseChange[B], on: On = None, when: ResponseCondition[B] = succeeded) -> None:
        """Change the responses `on` some operations: those that succeeded, unless `when` says which."""

        def change(response: MutableResponse[B]) -> None:
            if when(response):
                for each in changes:
                    each(response)

        self._declare("response", on, changes)
        self._register(wrap=lambda emulator, app: self._interceptor(emulator, on).change_responses(app, change))

    def request(self, *changes: RequestChange[B], on: On = None, when: RequestCondition[B] | None = None) -> None:
        """Change the requests for some operations before the middleware sees them."""

        def change(request: MutableRequest[B]) -> None:
            if when is None or when(request):
                for each in changes:
                    each(request)

        self._declare("request", on, changes)
        self._register(wrap=lambda emulator, app: self._interceptor(emulator, on).change_requests(app, change))

    def webhook(self, *changes: EventChange[B], on: On = None, when: EventCondition[B] | None = None) -> None:
        """Change webhook events before they are stored and signed; `on` are events by name, such as call.completed."""

        def change(event: MutableEvent[B]) -> None:
            if _concerns(on, event.name) and (when is None or when(event)):
                for each in changes:
                    each(event)

        self._declare("event", on, changes)
        self._register(lambda emulator: webhooks.change_events(self._registry.backend_of(emulator), change))

    def attempt(self, change: Callable[[Delivery, Attempt], object]) -> None:
        """Change what counts of every attempt to deliver an event, after it was made."""
        self._register(lambda emulator: webhooks.change_attempts(self._registry.backend_of(emulator), change))

    def profile(
        self,
        *,
        sign: Signer | None = None,
        sign_attempt: AttemptSigner | None = None,
        retries: Sequence[int] | None = None,
    ) -> None:
        """Sign webhooks in another way, or repeat them after other waits (seconds)."""

        def install(emulator: Emulator) -> None:
            backend, vendor = self._registry.backend_of(emulator), self._registry.vendor.name
            webhooks.change_profile(backend, vendor, sign=sign, sign_attempt=sign_attempt, retries=retries)

        self._register(install)

    # -- defects in code ------

    def patch(
        self, seam: patching.Seam[S, P, R], of: Callable[[B], object] | None = None
    ) -> Callable[[patching.Replacement[B, P, R]], patching.Replacement[B, P, R]]:
        """Decorate what replaces a method of the emulator's own parts.

        `seam` is the method as its class has it, such as `KwickPhone.provision`; `of` returns the object where the
        emulator has several of that class. The function is called with the original, the vendor's backend and the
        method's arguments.
        """

        def register(replacement: patching.Replacement[B, P, R]) -> patching.Replacement[B, P, R]:
            self.instead(seam, replacement, of)
            return replacement

        return register

    def instead(
        self,
        seam: patching.Seam[S, P, R],
        replacement: patching.Replacement[B, P, R],
        of: Callable[[B], object] | None = None,
    ) -> None:
        """Put a replacement in place of a method, as `patch` does for a decorated function."""
        patching.owner(seam)

        def install(emulator: Emulator) -> None:
            backend = self._registry.backend_of(emulator)
            patching.patch(backend, seam, replacement, of(backend) if of is not None else None)

        self._register(install)

    def result(
        self,
        seam: patching.Seam[S, P, R],
        change: Callable[Concatenate[R, B, P], R],
        of: Callable[[B], object] | None = None,
    ) -> None:
        """Change what a method returns: `change` is called with that, the vendor's backend and the arguments."""

        def changed(original: patching.Original, backend: B, /, *args: P.args, **kwargs: P.kwargs) -> R:
            return change(original(*args, **kwargs), backend, *args, **kwargs)

        self.instead(seam, changed, of)

    def returns(self, seam: patching.Seam[S, P, R], value: R, of: Callable[[B], object] | None = None) -> None:
        """Let a method do nothing but return a value."""

        def constant(_original: patching.Original, _backend: B, /, *_args: P.args, **_kwargs: P.kwargs) -> R:
            return value

        self.instead(seam, constant, of)

    def on_start(self, change: Callable[[B], None]) -> Callable[[B], None]:
        """Decorate what changes the vendor's backend once it is made: for several seams, or one with a memory."""
        self._register(lambda emulator: change(self._registry.backend_of(emulator)))
        return change

    def _register(
        self,
        install: Callable[[Emulator], None] | None = None,
        wrap: Callable[[Emulator, ASGIApp], ASGIApp] | None = None,
    ) -> None:
        self._registry.add(replace(self._mutant, install=install, wrap=wrap))

    def _interceptor(self, emulator: Emulator, on: On) -> Interceptor[B]:
        backend = self._registry.backend_of(emulator)
        return Interceptor(self._registry.vendor, backend, lambda operation: _concerns(on, operation))

    def _declare(self, body: Body, on: On, changes: Sequence[object]) -> None:
        edits = tuple(change for change in changes if isinstance(change, Edit))
        self._registry.declared.append(Declared(self._mutant.name, body, on, edits))


def _names(on: str | Collection[str]) -> Collection[str]:
    return (on,) if isinstance(on, str) else on


def _concerns(on: On, name: str | None) -> bool:
    return on is None or (name or UNROUTED) in _names(on)
