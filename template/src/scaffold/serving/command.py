"""`takehome serve`."""

import os
from socket import AF_INET, AF_INET6, create_server
from typing import Annotated, Any

import typer


def serve(
    host: Annotated[str, typer.Option(help="Address to listen at; 0.0.0.0 is all.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535)] = 8000,
    workers: Annotated[int, typer.Option(min=1, help="Processes; they share --calls.")] = 1,
    calls: Annotated[int, typer.Option(min=1, help="At once, of all workers.")] = 64,
    timeout: Annotated[float, typer.Option(min=0.1, help="Seconds for one answer.")] = 60,
    replay: Annotated[bool, typer.Option("--replay", help="Recorded answers only.")] = False,
) -> None:
    """Serve the routes of your api.py, with a page to try them; SIGTERM lets it finish first."""
    import uvicorn

    from scaffold.project import find

    project, workers = find(), min(workers, calls)
    os.chdir(project.root)  # your modules name their files from there
    told: dict[str, Any] = {"CONCURRENCY": calls // workers, "CASE_S": timeout}
    told |= {"REPLAY": "1" if replay else "", "HASH_KEY": os.urandom(16).hex()}
    told["MAX_COST_USD"] = "" if project.max_cost_usd is None else project.max_cost_usd / workers
    os.environ.update({f"TAKEHOME_{name}": str(value) for name, value in told.items()})
    project.module("api")  # what is wrong with it is said once, before any worker starts
    create_server((host, port), family=AF_INET6 if ":" in host else AF_INET).close()  # it is free
    typer.echo(f"Page: http://{host}:{port}/ and routes: http://{host}:{port}/docs", err=True)
    options: Any = {"log_level": "warning", "timeout_graceful_shutdown": int(timeout) + 5}
    uvicorn.run(f"{project.package}.api:app", host=host, port=port, workers=workers, **options)
