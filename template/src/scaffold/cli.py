"""The command `takehome`: the only place where the client, the harness and your code meet."""

from __future__ import annotations

import typer

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, pretty_exceptions_enable=False)
if __name__ == "__main__":
    app()
