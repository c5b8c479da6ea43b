"""The steps after copying, in their order; each does what it can and says the rest."""

import argparse
import os
from pathlib import Path

import brief
import columns
import environment
import files
import fill_in
import locks
import raw_data
import rendered
import repository
import starter
from script import Say

_COMMIT = (f'git commit -m "{repository.FIRST}"', f"git tag {repository.TAG}")


def take(answers: argparse.Namespace, say: Say) -> None:
    """Fill in, put brief and data in place, commit the render, lock and sync, commit the rest."""
    if answers.stood:  # Windows has no PWD, and a program that starts Copier may hand on its own
        os.environ["PWD"] = answers.stood
    package = Path("src") / answers.package
    in_starter = answers.starter == "true"
    repo = _open(in_starter, say)
    arrived_without_git = in_starter and repo is not None and not repo.has_commits()
    if answers.data.strip():
        _data_as_given(package, answers, repo, say)
    ours = rendered.files(answers.package, answers.answers_file)
    joined = starter.join(answers.package, bool(answers.brief.strip()), repo, say)
    try:
        brief.place(answers.brief, answers.destination, say)
    except OSError as error:
        say(f"BRIEF.md: {files.explain(error)}; write it by hand.")
    committed = repo is not None and _first_commit(repo, ours, joined, say)
    written = locks.lock_and_sync(in_starter, repo, say)
    if repo is not None and committed:
        _second_commit(repo, written, answers.commit_data == "true", say)
        if arrived_without_git and repo.untracked():
            say("git does not have what the company sent, so it would count as written by you.")
            say("Before you begin, line by line:")
            arrived = 'git commit -m "The starter, as it arrived"'
            force = f"git tag --force {repository.TAG}"
            _say_lines(say, _go_there(), "git add --all", arrived, force)


def _open(in_starter: bool, say: Say) -> repository.Repository | None:
    program = environment.git()
    if program is None:
        say("git is not installed, so nothing is committed. With it, line by line:")
    else:
        repo = repository.Repository(program)
        try:
            repo.ensure(inside_another=in_starter)
            return repo
        except repository.GitError as error:
            say(f"Nothing is committed: {error}. When that is mended, line by line:")
    # `cd` first: these are pasted where the user stood, and git must not begin in that folder.
    _say_lines(say, _go_there(), "git init", "git add --all", *_COMMIT)
    return None


def _data_as_given(
    package: Path, answers: argparse.Namespace, repo: repository.Repository | None, say: Say
) -> None:
    """Put the data in place; commit what a later copy fills in (the first had none) as given."""
    folders = [package, Path("prompts")]
    ours_alone = repo is not None and repo.holds_ours_alone(folders)
    _data(package, answers, say)
    if repo is None or not ours_alone or repo.underway():
        return
    changed = [path for folder in folders for path in repo.changed(folder)]
    try:
        if changed and repo.commit(repository.FILLED, changed):
            repo.tag("--force")
            say(f"Committed: what the data filled in; the tag {repository.TAG} stands there now.")
    except repository.GitError as error:
        say(f"What the data filled in is not committed ({error}); commit it before your work.")


def _data(package: Path, answers: argparse.Namespace, say: Say) -> None:
    cases = package / "cases.py"
    typed = answers.data.strip()
    by_hand = f"put it into data/raw/ and name it in {cases.as_posix()} (RAW)"
    try:
        placed = raw_data.place(typed, answers.destination)
    except raw_data.NoDataError as error:
        say(f"No data from {typed}: {error}, then {by_hand}.")
        return
    except FileNotFoundError as error:
        again = "or run the same copier command with the right path"
        say(f"No data: {files.explain(error)}; {by_hand}, {again}.")
        return
    except OSError as error:
        say(f"No data from {typed}: {files.explain(error)}; {by_hand}.")
        return
    where = placed.path.as_posix()
    left_out = f"; {placed.left_out}" if placed.left_out else ""
    others = 0 if placed.was_here else raw_data.beside(placed.path)
    beside = f", beside {others} other {'file' if others == 1 else 'files'}" if others else ""
    say(f"{where}: {'is here already' if placed.was_here else 'in place'}{beside}{left_out}.")
    if others and Path("src/scaffold/documents.py").is_file():
        say("Where rows name the other files: scaffold.documents.read_pages gives their text.")
    try:
        filled = fill_in.fill(package, placed.path, answers.kind)
    except (OSError, SyntaxError, ValueError) as error:
        say(f"{cases.as_posix()} stays as rendered ({error}): set RAW and MAPPING by hand.")
        return
    if filled:
        _say_filled(filled, placed.path, cases, answers, say)


def _say_filled(
    filled: fill_in.Filled, raw: Path, cases: Path, answers: argparse.Namespace, say: Say
) -> None:
    """Say what became of the data in cases.py, and what is left to do there."""
    where = raw.as_posix()
    if filled.columns:
        rest = f", {filled.open} still to be mapped" if filled.open else ""
        found = f"{filled.columns} columns found, {filled.mapped} fields mapped{rest}"
        say(f"{cases.as_posix()}: {found}. Check MAPPING.")
        twice = ", ".join(f'"{name}"' for name in columns.repeated(raw)[:3])
        if twice:
            say(f"{where} has several columns called {twice}; a row keeps the last. Rename them.")
        if Path("data/cases.jsonl").exists():
            say("data/cases.jsonl is older, perhaps our sample: delete it, and a run makes it.")
        if filled.open and raw.is_dir():
            say("Where these files are no cases but what the work needs, write data/cases.jsonl.")
    elif answers.kind == "sql" and raw.suffix.lower() in fill_in.DATABASES:
        say(f"{where} is the database; `takehome eval` says where its questions go.")
        if answers.commit_data != "true":
            say("git ignores the database, and without it nobody can replay: agree on that.")
    elif answers.kind == "rag":
        folder = raw if raw.is_dir() else raw.parent
        say(f"{folder.as_posix()} is what is searched. Questions: see {cases.as_posix()}.")
        if answers.commit_data != "true":
            say("git ignores the documents, and without them nobody can replay: agree on that.")
    elif raw.suffix.lower() in columns.TABLES:
        say(f"{where} holds no rows that can be read: mend it, or make rows of it in {cases.name}.")
    else:
        say(f"{cases.as_posix()}: {where} is no table that we read; make rows of it there.")


def _first_commit(
    repo: repository.Repository, ours: list[Path], joined: starter.Joined, say: Say
) -> bool:
    """Commit the render alone and tag it; tell whether git has it now."""
    if repo.tagged():
        return True
    paths = [*ours, *joined.paths]
    if repo.underway():  # and what is staged now would be in the merge's own commit
        say("git is in the middle of a merge or a rebase: nothing is committed. After it:")
        _say_lines(say, _go_there(), "git add --all", *_COMMIT)
        return False
    if not repo.knows_the_author():
        repo.stage(paths)
        say("git does not know your name, so nothing is committed. Line by line:")
        name, mail = 'user.name "Your Name"', "user.email you@example.org"
        _say_lines(say, f"git config --global {name}", f"git config --global {mail}")
    else:
        try:
            repo.commit(repository.FIRST, paths, joined.versions, joined.removed)
            refused = repo.tag()
            if refused:
                commit = repo.git("rev-parse", "--short", "HEAD").output.decode("ascii").strip()
                say(f"Committed: the render alone, but not tagged ({refused}). Line by line:")
                _say_lines(say, _go_there(), f"git tag --force {repository.TAG} {commit}")
            else:
                say(f"Committed: the render alone, tag {repository.TAG}.")
            if not repo.git("symbolic-ref", "--quiet", "HEAD").ok:
                say("No branch holds that yet (HEAD is detached): git switch --create NAME")
            _say_kept_out(repo, paths, say)
            return True
        except repository.GitError as error:
            say(f"Nothing is committed ({error}). When that is mended:")
    _say_lines(say, _go_there(), *_COMMIT)
    return False


def _say_kept_out(repo: repository.Repository, paths: list[Path], say: Say) -> None:
    """Name what an ignore rule of the starter's (or the user's own) keeps out of git."""
    ours = [path for path in paths if path.parts[0] not in ("notes", "results")]
    missing = sorted(set(ours) - set(repo.not_ignored(ours)))
    if missing:
        listed = " ".join(f'"{path.as_posix()}"' for path in missing[:3])
        say("An ignore rule that is not ours keeps files out of git. To have them in:")
        _say_lines(say, f"git add --force {listed}")
    if len(missing) > 3:
        say(f"and so on for {len(missing) - 3} more, which `git status --ignored` lists.")


def _go_there() -> str:
    return f'cd "{Path.cwd()}"'


def _say_lines(say: Say, *lines: str) -> None:
    for line in lines:
        say(f"  {line}")


def _second_commit(repo: repository.Repository, written: list[Path], data: bool, say: Say) -> None:
    """Commit lock files, and brief and data where they may be; only what is new or was clean."""
    paths = list(written)
    if data:
        brought = [*Path().glob("BRIEF.*"), *raw_data.RAW.rglob("*")]
        known = repo.names_at_head()  # once: a question for each of 10,000 files takes minutes
        new = [path for path in brought if path.is_file() and path not in known]
        paths += repository.too_large(new, say)
    also = " and what you allowed of brief and raw data" if len(paths) > len(written) else ""
    try:
        if repo.commit(repository.SECOND, paths):
            say(f"Committed: the lock file{also}.")
    except repository.GitError as error:
        say(f"The second commit failed ({error}). Later: git add --all, then git commit")
