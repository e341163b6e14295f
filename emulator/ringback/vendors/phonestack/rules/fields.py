"""Custom field definitions, and values held to them, page "Custom Fields API"."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from msgspec import UNSET

from ringback.carrier.clock import iso_z
from ringback.store import Collection
from ringback.vendors.phonestack import errors
from ringback.vendors.phonestack.records import Category, Field, FieldType
from ringback.vendors.phonestack.rules.common import new_id
from ringback.vendors.phonestack.wire import FieldBody, FieldPatch, FieldView

if TYPE_CHECKING:
    from ringback.vendors.phonestack.rules import PhoneStack

ON_CONTACTS: frozenset[Category] = frozenset(("contact", "both"))
ON_CALLS: frozenset[Category] = frozenset(("extraction", "both"))
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:T.+)?", re.ASCII)
WANTED: dict[FieldType, str] = {
    "string": "must be text",
    "number": "must be a number",
    "boolean": "must be true or false",
    "date": "must be an ISO date such as 2026-01-31",
}


class Fields:
    """The definitions of all organizations."""

    def __init__(self, backend: PhoneStack) -> None:
        self.backend = backend
        self.services = backend.services
        self.records: Collection[Field] = Collection(
            Field,
            account=lambda field: field.account,
            name=lambda field: (field.account, field.name),
            category=lambda field: (field.account, field.category),
        )

    # -- definitions ------

    def create(self, account: str, body: FieldBody) -> FieldView:
        """Define a field. Raises ApiError 400 or 409."""
        self._check_name(account, body.name, None)
        options = _options(body.type, body.options)
        now = self.services.clock.now(account)
        field = self.records.add(
            Field(
                id=new_id(self.services, account, "cf"),
                account=account,
                name=body.name,
                type=body.type,
                description=body.description,
                category=body.category,
                required=body.required,
                options=options,
                created_at=now,
                updated_at=now,
            )
        )
        return self.view(field)

    def change(self, account: str, id_: str, body: FieldPatch) -> FieldView:
        """Change a definition; profiles that extract it are compiled anew. Raises ApiError 400, 404 or 409."""
        field = self.of(account, id_)
        changes: dict[str, Any] = {
            name: getattr(body, name)
            for name in ("name", "type", "description", "category", "required")
            if getattr(body, name) is not UNSET
        }
        if "name" in changes:
            self._check_name(account, changes["name"], field)
        kind = changes.get("type", field.type)
        if body.options is not UNSET:
            changes["options"] = _options(kind, body.options)
        elif kind == "enum":
            _options(kind, list(field.options))
        elif field.options:
            changes["options"] = ()
        before = field.name
        bound = self.backend.profiles.extracting(account, before)
        if bound and changes.get("category") == "contact":
            raise errors.invalid("category", f"cannot be contact while profile {bound[0].name!r} extracts the field")
        self.records.update(field, **changes, updated_at=self.services.clock.now(account))
        self.backend.profiles.field_changed(bound, before, field.name)
        return self.view(field)

    def delete(self, account: str, id_: str) -> None:
        """Forget a definition; profiles that extract it do so no longer. Values that contacts have stay. Raises
        ApiError 404."""
        field = self.of(account, id_)
        bound = self.backend.profiles.extracting(account, field.name)
        self.records.remove(field)
        self.backend.profiles.field_changed(bound, field.name, None)

    def of(self, account: str, id_: str) -> Field:
        """An organization's definition. Raises ApiError 404."""
        field = self.records.get(id_)
        if field is None or field.account != account:
            raise errors.not_found("Custom field")
        return field

    def named(self, account: str, name: str) -> Field | None:
        """The definition of this name."""
        return self.records.last("name", (account, name))

    def _check_name(self, account: str, name: str, own: Field | None) -> None:
        there = self.named(account, name)
        if there is not None and there is not own:
            raise errors.refusal("DUPLICATE", f"A custom field named {name} exists already", "name")

    # -- values ------

    def check_values(self, account: str, values: Mapping[str, Any]) -> None:
        """Whether a contact, or a call, may have these custom fields: required ones are there, and each that is
        defined for contacts is of its type. Unknown ones pass. Raises ApiError 400."""
        if not self.records.count("account", account):
            return
        for category in ON_CONTACTS:
            for field in self.records.oldest("category", (account, category)):
                value = values.get(field.name)
                if value is None:
                    if field.required:
                        raise errors.missing(f"custom_fields.{field.name}")
                elif (problem := problem_of(field.type, field.options, value)) is not None:
                    raise errors.invalid(f"custom_fields.{field.name}", problem)

    # -- what calls extract ------

    def check_extract(self, account: str, names: Sequence[str], param: str) -> None:
        """Whether these are names of fields that calls can extract. Raises ApiError 400."""
        for name in names:
            field = self.named(account, name)
            if field is None:
                raise errors.invalid(param, f"names {name!r}, which is no custom field: create it first")
            if field.category not in ON_CALLS:
                raise errors.invalid(param, f"names {name!r}, a field of contacts alone: give it category both")

    def view(self, field: Field) -> FieldView:
        """A definition as it is shown."""
        return FieldView(
            field.id,
            field.name,
            field.type,
            field.description,
            field.category,
            field.required,
            list(field.options) if field.type == "enum" else None,
            iso_z(field.created_at),
            iso_z(field.updated_at),
        )


def _options(kind: FieldType, options: Sequence[str] | None, param: str = "options") -> tuple[str, ...]:
    """The options of a field of this type. Raises ApiError 400."""
    if kind == "enum":
        if not options:
            raise errors.invalid(param, "is required for type enum: name at least one option")
        if len(set(options)) != len(options):
            raise errors.invalid(param, "names an option twice")
        return tuple(options)
    if options:
        raise errors.invalid(param, f"goes with type enum, not {kind}")
    return ()


def problem_of(kind: FieldType, options: Sequence[str], value: Any) -> str | None:
    """What is wrong with a value of a field; None where nothing is."""
    if kind == "enum":
        return None if isinstance(value, str) and value in options else f"must be one of {', '.join(options)}"
    if kind == "number":
        fits = isinstance(value, int | float) and not isinstance(value, bool)
    elif kind == "boolean":
        fits = isinstance(value, bool)
    else:
        fits = isinstance(value, str) and (kind == "string" or _is_date(value))
    return None if fits else WANTED[kind]


def _is_date(text: str) -> bool:
    if not _DATE.fullmatch(text):
        return False
    try:
        if len(text) == len("2026-01-31"):
            date.fromisoformat(text)
        else:
            datetime.fromisoformat(text)
    except ValueError:
        return False
    return True
