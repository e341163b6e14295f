"""Replace one method of one emulator's own parts; other emulators in the process keep theirs."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from functools import partial
from types import MethodType
from typing import Any, Concatenate, ParamSpec, TypeVar

from ringback.gateway.vendor import VendorBackend

B = TypeVar("B", bound=VendorBackend)
S = TypeVar("S")
P = ParamSpec("P")
R = TypeVar("R")

Original = Callable[..., Any]
"""The method that a mutant replaces, bound to its object."""
Seam = Callable[Concatenate[S, P], R]
"""A method as its class has it, such as `KwickPhone.provision`."""
Replacement = Callable[Concatenate[Original, B, P], R]
"""What takes its place: it is called with the original, the vendor's backend and the arguments."""


class SeamError(TypeError):
    """A seam that is not a method, or of which the emulator has no object or several."""


def patch(backend: B, seam: Seam[S, P, R], replacement: Replacement[B, P, R], of: object | None = None) -> None:
    """Put a replacement in place of a method of the object `of`.

    Without `of` it is the one object of the seam's class among the backend, the services and their parts. Timers and
    callbacks that were given the method call the replacement. Raises SeamError.
    """
    target = of if of is not None else _only_part(backend, owner(seam))
    name: str = seam.__name__
    original = getattr(target, name)
    replaced: Callable[..., Any] = partial(replacement, original, backend)
    for part in list(parts(backend)):
        for attribute, value in vars(part).items():
            if isinstance(value, MethodType | partial) and value == original:
                setattr(part, attribute, replaced)
    setattr(target, name, replaced)
    backend.services.clock.replace(original, replaced)


def owner(seam: Callable[..., Any]) -> type:
    """Return the class that a method was defined in. Raises SeamError for anything else."""
    found: Any = sys.modules.get(getattr(seam, "__module__", ""))
    for name in getattr(seam, "__qualname__", "").split(".")[:-1]:
        found = getattr(found, name, None)
    if not isinstance(found, type):
        raise SeamError(f"{seam!r} is not a method of a class: a seam is written Class.method")
    return found


def _only_part(backend: VendorBackend, kind: type) -> object:
    found = [part for part in parts(backend) if isinstance(part, kind)]
    if len(found) != 1:
        raise SeamError(f"the emulator has {len(found)} parts of type {kind.__name__}: name one with `of`")
    return found[0]


def parts(backend: VendorBackend) -> Iterator[object]:
    """Return the backend and every object that it reaches through attributes, its services among them."""
    waiting: list[object] = [backend]
    seen: set[int] = set()
    while waiting:
        part = waiting.pop()
        if id(part) in seen or isinstance(part, type) or not hasattr(part, "__dict__") or callable(part):
            continue
        seen.add(id(part))
        yield part
        waiting.extend(vars(part).values())
