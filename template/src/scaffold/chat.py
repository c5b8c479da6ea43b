"""`takehome chat`: the solution in the terminal (part `files`)."""

import asyncio
from typing import Annotated, Any

import typer
from pydantic import TypeAdapter, ValidationError


def chat(solver: Annotated[str, typer.Option(help="As for `run`.")] = "solution") -> None:
    """Talk to the solution until an empty line. What Input and Output share (a state) goes on.

    Input's history, messages or conversation holds what was said: (role, text), or objects with a
    role and a content or text.
    """
    from scaffold.project import closing, find, reasons

    here, said, kept = find(), list[tuple[str, str]](), dict[str, Any]()
    solve, client = here.solve(solver), here.client()
    with asyncio.Runner() as runner:
        while text := typer.prompt("you", default="", show_default=False):
            try:
                one = here.input(text)
                fresh = {n: v for n, v in kept.items() if n not in one.model_fields_set}
                output = runner.run(solve(one.model_copy(update=fresh), client.for_case("chat")))
            except Exception as error:  # it is told, and the conversation goes on
                typer.echo(f"{type(error).__name__}: {reasons(error)}", err=True)
                continue
            fields = output.model_dump(mode="json")
            answer = str(fields.get("answer") or fields.get("text") or output.model_dump_json())
            typer.echo(answer)
            said += [("user", text), ("assistant", answer)]
            kept = {n: v for n, v in output if n in type(one).model_fields}
            kept |= _memory(type(one).model_fields, said)
        runner.run(closing(client, asyncio.sleep(0)))


def _memory(fields: Any, said: list[tuple[str, str]]) -> dict[str, Any]:
    shapes = [[{"role": role, key: text} for role, text in said] for key in ("content", "text")]
    for name in fields.keys() & {"history", "messages", "conversation"}:
        for shape in (said, *shapes):
            try:
                return {name: TypeAdapter(fields[name].annotation).validate_python(shape)}
            except ValidationError:
                continue
    return {}
