"""Agent profiles: created and compiled, changed and compiled anew, archived, page "Profiles API"."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from msgspec import UNSET

from ringback.carrier.clock import iso_z
from ringback.store import Collection
from ringback.vendors.phonestack import errors
from ringback.vendors.phonestack.records import VOICES, Profile
from ringback.vendors.phonestack.rules.common import new_id
from ringback.vendors.phonestack.wire import ProfileBody, ProfilePatch, ProfileView

if TYPE_CHECKING:
    from ringback.vendors.phonestack.rules import PhoneStack


class Profiles:
    """The profiles of all organizations."""

    def __init__(self, backend: PhoneStack) -> None:
        self.backend = backend
        self.services = backend.services
        self.records: Collection[Profile] = Collection(
            Profile,
            account=lambda profile: profile.account,
            active=lambda profile: profile.account if profile.archived_at is None else None,
        )

    def create(self, account: str, body: ProfileBody, id_: str | None = None) -> ProfileView:
        """Make a profile and compile it. Raises ApiError 400."""
        extract = tuple(dict.fromkeys(body.extract_fields))
        self.backend.fields.check_extract(account, extract, "extract_fields")
        voice = _voice(body.voice or next(iter(VOICES)))
        now = self.services.clock.now(account)
        profile = Profile(
            id=id_ or new_id(self.services, account, "prof"),
            account=account,
            name=body.name,
            persona=body.persona,
            opener=body.opener,
            guardrails=body.guardrails,
            voice=voice,
            extract_fields=extract,
            created_at=now,
            updated_at=now,
            compiled_at=now,
        )
        profile.prompt = self._compiled(profile)
        return self.view(self.records.add(profile))

    def change(self, account: str, id_: str, body: ProfilePatch) -> ProfileView:
        """Change a profile and compile it anew. Raises ApiError 400, 404 or 409."""
        profile = self.active(account, id_)
        changes: dict[str, Any] = {
            name: getattr(body, name) for name in body.__struct_fields__ if getattr(body, name) is not UNSET
        }
        if "extract_fields" in changes:
            changes["extract_fields"] = tuple(dict.fromkeys(changes["extract_fields"]))
            self.backend.fields.check_extract(account, changes["extract_fields"], "extract_fields")
        if "voice" in changes:
            _voice(changes["voice"])
        self._compile(profile, changes)
        return self.view(profile)

    def archive(self, account: str, id_: str) -> ProfileView:
        """Take a profile out of use; calls that were made with it still name it. One that is archived stays so. Raises
        ApiError 404."""
        profile = self.of(account, id_)
        if profile.archived_at is None:
            now = self.services.clock.now(account)
            self.records.update(profile, archived_at=now, updated_at=now)
        return self.view(profile)

    def of(self, account: str, id_: str) -> Profile:
        """An organization's profile, archived ones too. Raises ApiError 404."""
        profile = self.records.get(id_)
        if profile is None or profile.account != account:
            raise errors.not_found("Profile")
        return profile

    def active(self, account: str, id_: str) -> Profile:
        """A profile that is in use. Raises ApiError 404, and 409 for one that is archived."""
        profile = self.of(account, id_)
        if profile.archived_at is not None:
            raise errors.refusal("INVALID_STATE", "The profile is archived", "profile_id")
        return profile

    def named(self, account: str, name: str) -> Profile | None:
        """The newest active profile of this name or id."""
        for profile in self.records.newest("active", account):
            if name in (profile.id, profile.name):
                return profile
        return None

    # -- fields that are extracted ------

    def extracting(self, account: str, field: str) -> list[Profile]:
        """The active profiles that extract a field."""
        return [profile for profile in self.records.oldest("active", account) if field in profile.extract_fields]

    def field_changed(self, profiles: Iterable[Profile], before: str, after: str | None) -> None:
        """A field that these profiles extract has changed, has another name, or is gone: compile them anew."""
        for profile in profiles:
            named = [after if name == before else name for name in profile.extract_fields]
            self._compile(profile, {"extract_fields": tuple(name for name in named if name is not None)})

    # -- compiling ------

    def _compile(self, profile: Profile, changes: dict[str, Any]) -> None:
        now = self.services.clock.now(profile.account)
        self.records.update(profile, **changes, updated_at=now, compiled_at=now, version=profile.version + 1)
        profile.prompt = self._compiled(profile)

    def _compiled(self, profile: Profile) -> str:
        """The prompt that a profile comes to, from its parts in order."""
        parts = [f"You are {profile.name}, and you speak with the voice {profile.voice}."]
        for title, text in (
            ("Persona", profile.persona),
            ("Open the call with", profile.opener),
            ("Guardrails", profile.guardrails),
        ):
            if text:
                parts.append(f"{title}: {text}")
        if profile.extract_fields:
            lines = [self._wanted(profile.account, name) for name in profile.extract_fields]
            parts.append("Find out:\n" + "\n".join(lines))
        return "\n\n".join(parts)

    def _wanted(self, account: str, name: str) -> str:
        field = self.backend.fields.named(account, name)
        if field is None:
            return f"- {name}"
        options = f": {', '.join(field.options)}" if field.options else ""
        return f"- {name} ({field.type}{options}) {field.description or ''}".rstrip()

    def view(self, profile: Profile) -> ProfileView:
        """A profile as it is shown."""
        return ProfileView(
            profile.id,
            profile.name,
            profile.persona,
            profile.opener,
            profile.guardrails,
            profile.voice,
            profile.extract_fields,
            "active" if profile.archived_at is None else "archived",
            profile.version,
            profile.prompt,
            iso_z(profile.compiled_at),
            iso_z(profile.created_at),
            iso_z(profile.updated_at),
        )


def _voice(name: str) -> str:
    """A voice that there is. Raises ApiError 400."""
    if name not in VOICES:
        raise errors.invalid("voice", f"must be one of {', '.join(VOICES)}")
    return name
