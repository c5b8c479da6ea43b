"""`takehome chat`: the solution in the terminal (part `files`)."""

import asyncio
from contextlib import suppress
from typing import Annotated, Any

import typer


def chat(solver: Annotated[str, typer.Option(help="As for `run`.")] = "solution") -> None:
    """Talk to the solution until an empty line or Ctrl-D. What Input and Output share (a state) goes on.

    Input's history, messages or conversation holds what was said: (role, text), or {role, content}.
    """
    from scaffold.project import closing, find, reasons

    here, said, state = find(), list[tuple[str, str]](), dict[str, Any]()
    solve, client = here.solve(solver), here.client()
    with asyncio.Runner() as runner:
        with suppress(typer.Abort):  # Ctrl-D
            while text := typer.prompt("you", default="", show_default=False):
                llm = client.for_case("chat")
                try:
                    one = _remembering(here.input(text), state, said)
                    output = runner.run(solve(one, llm))
                except Exception as error:  # it is told, and the conversation goes on
                    typer.echo(f"{type(error).__name__}: {reasons(error)}", err=True)
                    continue
                state, fields = dict(output), output.model_dump(mode="json")
                answer = fields.get("answer") or fields.get("text") or output.model_dump_json()
                typer.echo(answer)
                if llm.failure:
                    typer.echo(f"(by the baseline, as the model failed: {llm.failure})", err=True)
                said += [("user", text), ("assistant", answer)]
        runner.run(closing(client, asyncio.sleep(0)))


def _remembering(given: Any, state: dict[str, Any], said: list[tuple[str, str]]) -> Any:
    fields = set(type(given).model_fields)
    shared = {name: state[name] for name in state.keys() & fields - given.model_fields_set}
    given = given.model_copy(update=shared)
    shapes = [[{"role": role, key: text} for role, text in said] for key in ("content", "text")]
    for name in fields & {"history", "messages", "conversation"}:
        for shape in (said, *shapes):
            with suppress(ValueError):  # the field takes another shape
                return type(given).model_validate({**dict(given), name: shape})
    return given
