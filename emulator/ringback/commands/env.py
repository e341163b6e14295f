"""`ringback env`: a vendor's base URL and key as shell assignments."""

from __future__ import annotations

import shlex
from collections.abc import Mapping

import click

from ringback import vendors as installed
from ringback.client import Control
from ringback.commands.options import print_json, remote
from ringback.commands.param_types import Vendor

SHELLS = {
    "bash": "export {name}={value}",
    "zsh": "export {name}={value}",
    "fish": "set -gx {name} {value}",
    "powershell": "$Env:{name} = {value}",
}


def variables(url: str, vendors: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """Return the environment for an emulator at `url` that serves `vendors` (`{name: {"base_url", "key"}}`).

    Every vendor has variables named after itself (`KWICKPHONE_BASE_URL`, `KP_API_KEY`) and uniform ones
    (`RINGBACK_KWICKPHONE_URL`, `RINGBACK_KWICKPHONE_KEY`).
    """
    found = {"RINGBACK_URL": url}
    for vendor, seat in vendors.items():
        name = vendor.upper()
        found[f"{name}_BASE_URL"] = found[f"RINGBACK_{name}_URL"] = seat["base_url"]
        found[installed.load(vendor).key_variable or f"{name}_API_KEY"] = found[f"RINGBACK_{name}_KEY"] = seat["key"]
    return found


def line(name: str, value: str, shell: str) -> str:
    """Return one assignment in a shell's syntax."""
    if shell == "powershell":
        quoted = "'" + value.replace("'", "''") + "'"
    elif shell == "fish":
        quoted = "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
    else:
        quoted = shlex.quote(value)
    return SHELLS[shell].format(name=name, value=quoted)


@click.command()
@click.argument("vendors", metavar="[VENDOR]...", nargs=-1, type=Vendor())
@click.option(
    "--shell", type=click.Choice(list(SHELLS)), default="bash", show_default=True, help="The syntax of the output."
)
@remote
def env(control: Control, as_json: bool, /, vendors: tuple[str, ...], shell: str) -> None:
    """Print what a client of VENDOR needs: the base URL and the seed account's key.

    Without VENDOR, print those of all vendors that are served.

    \b
    Examples:
      eval "$(ringback env kwickphone)"
      ringback env kwickphone --shell fish | source
      ringback env --json
    """
    served: dict[str, str] = control.get("/health")["urls"]
    for vendor in vendors:
        if vendor not in served:
            raise click.UsageError(f"{control.url} serves {', '.join(served)}, not {vendor}.")
    wanted = {
        vendor: {"base_url": url, "key": installed.load(vendor).seed.key}
        for vendor, url in served.items()
        if vendor in (vendors or served)
    }
    found = variables(control.url, wanted)
    if as_json:
        print_json(found)
    else:
        click.echo("\n".join(line(name, value, shell) for name, value in found.items()))
