"""`ringback completion`: a shell's completion script."""

from __future__ import annotations

import click

SHELLS = ("bash", "zsh", "fish")
VARIABLE = "_RINGBACK_COMPLETE"


@click.command()
@click.argument("shell", type=click.Choice(SHELLS))
def completion(shell: str) -> None:
    """Print the completion script for SHELL.

    \b
    Examples:
      ringback completion bash >> ~/.bashrc
      ringback completion zsh  >> ~/.zshrc
      ringback completion fish > ~/.config/fish/completions/ringback.fish
    """
    from click.shell_completion import get_completion_class

    from ringback.cli import cli

    kind = get_completion_class(shell)
    if kind is None:
        raise click.UsageError(f"click has no completion for {shell}")
    click.echo(kind(cli, {}, "ringback", VARIABLE).source())
