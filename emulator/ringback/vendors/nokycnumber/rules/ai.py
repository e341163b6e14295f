"""The AI configuration of numbers, page "AI configuration"."""

from __future__ import annotations

from msgspec import UNSET

from ringback.vendors.nokycnumber import errors
from ringback.vendors.nokycnumber.records import BLOCKS, Number
from ringback.vendors.nokycnumber.rules.numbers import Numbers
from ringback.vendors.nokycnumber.wire import AiPatch, AiView


class AiConfigs:
    """The AI configurations of all numbers."""

    def __init__(self, numbers: Numbers) -> None:
        self.numbers = numbers

    def update(self, number: Number, body: AiPatch) -> AiView:
        """Change the blocks that are present, and in each the fields that are present. Raises ApiError 409 for a
        released number, or a block whose add-on the number does not have."""
        self.numbers.check_not_released(number)
        changes = {block: change for block in BLOCKS.values() if (change := getattr(body, block)) is not UNSET}
        for addon, block in BLOCKS.items():
            if block in changes and changes[block].enabled is True and addon not in number.addons:
                raise errors.error("addon_required", param=f"{block}.enabled", addon=addon, block=block)
        for block, change in changes.items():
            current = getattr(number.ai, block)
            for name in change.__struct_fields__:
                value = getattr(change, name)
                if value is not UNSET:
                    setattr(current, name, value)
        return self.view(number)

    def view(self, number: Number) -> AiView:
        """Return a number's AI configuration."""
        ai = number.ai
        return AiView(number.id, list(number.addons), ai.auto_pickup, ai.screening, ai.translator, ai.voicemail_summary)
