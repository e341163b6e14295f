"""Named ways to break one claim of NoKYCNumber's page each, for whoever wants to see whether a test notices."""

from __future__ import annotations

from typing import Any

from emulator.gateway.mutants import Mutants, swap
from emulator.gateway.vendor import Mutant
from emulator.gateway.world import World

BOOK = Mutants("nokycnumber")


@BOOK.world("idempotency.forgotten", "NKN-IDEM-1", "An Idempotency-Key is ignored: every retry has its effect again.")
def _idempotency_forgotten(world: World) -> None:
    def make(once: Any) -> Any:
        async def forgetful(account: str, operation: str, key: str, *rest: Any) -> Any:
            fresh = f"{key}-{world.idempotency.records.created}"
            return await once(account, operation, fresh, *rest)

        return forgetful

    swap(world.idempotency, "once", make)


MUTANTS: dict[str, Mutant] = BOOK.all
