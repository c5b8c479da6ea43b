"""The commits: the render alone, tagged `scaffold`; then what was made or brought here."""

import contextlib
import os
from collections.abc import Iterable
from pathlib import Path

import environment
import files
from script import Say

TAG = "scaffold"
FIRST = "The scaffold, as rendered; nothing written for the assignment yet"
FILLED = "The scaffold, filled in with the columns of what arrived"
SECOND = "What came with the assignment and what the tools wrote"
_LARGEST = 100_000_000  # bytes: GitHub refuses a file above
_FROM_STDIN = ("--pathspec-from-file=-", "--pathspec-file-nul")
_UNDERWAY = ("MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD", "rebase-merge", "rebase-apply")


class GitError(Exception):
    """git refused; the message is git's own reason, as the middle of a sentence."""


class Repository:
    """The repository around the working directory."""

    def __init__(self, program: str) -> None:
        """Use the git at `program`."""
        self._program = program

    def git(self, *arguments: str, stdin: bytes = b"", index: str = "") -> environment.Done:
        """Run git; with `index`, on that index and not on the user's."""
        also = {"GIT_INDEX_FILE": index} if index else None
        return environment.run([self._program, *arguments], stdin=stdin, seconds=300, also=also)

    def ensure(self, inside_another: bool) -> None:
        """Make a repository here, unless this is one (or may lie inside one).

        Raises:
            GitError: git says no.
        """
        found, here = self.git("rev-parse", "--absolute-git-dir"), Path(".git").exists()
        if here and not found.ok:
            raise GitError(f"git cannot read the repository here: {found.complaint}")
        if found.ok and (inside_another or here):
            lock = Path(os.fsdecode(found.output).strip()) / "index.lock"
            if lock.exists():  # commits have an index of their own; the user's would not know them
                raise GitError(f'git runs here, or was killed (then delete "{lock}")')
            return
        made = self.git("init", "--quiet", "--initial-branch=main")
        if not made.ok:  # git before 2.28 has no --initial-branch
            made = self.git("init", "--quiet")
        if not made.ok:
            raise GitError(f"git init failed: {made.complaint}")

    def tagged(self) -> bool:
        """Tell whether the first commit was made before; a tag of that name may be another's."""
        return self.git("cat-file", "-e", f"{TAG}:./src/scaffold/__init__.py").ok

    def holds_ours_alone(self, folders: list[Path]) -> bool:
        """Tell whether nobody has written in these folders, or committed, since the first commit."""
        if not self.tagged() or any(self.changed(folder) for folder in folders):
            return False
        since = self.git("log", "--format=%s", f"{TAG}..HEAD")
        return since.ok and set(os.fsdecode(since.output).splitlines()) <= {SECOND}

    def changed(self, folder: Path) -> list[Path]:
        """Return the files of a folder that differ from the last commit, new ones left out."""
        found = self.git("diff", "--name-only", "--relative", "-z", "HEAD", "--", folder.as_posix())
        return [Path(os.fsdecode(name)) for name in found.output.split(b"\0") if name]

    def underway(self) -> bool:
        """Tell whether a merge or a rebase waits to be finished: a commit would end it."""
        folder = self._folder()
        return any((folder / name).exists() for name in _UNDERWAY)

    def has_commits(self) -> bool:
        """Tell whether anything was committed before."""
        return self.git("rev-parse", "--verify", "--quiet", "HEAD").ok

    def untracked(self) -> bool:
        """Tell whether files lie here that git does not have and no rule ignores."""
        return bool(self.git("ls-files", "--others", "--exclude-standard").output)

    def unchanged(self, path: Path) -> bool:
        """Tell whether the work tree and the index hold the file as it was committed."""
        known = self.at_head(path) is not None
        return known and self.git("diff", "--quiet", "HEAD", "--", path.as_posix()).ok

    def knows_the_author(self) -> bool:
        """Tell whether git has a name and an address to sign commits with."""
        return all(self.git("var", f"GIT_{who}_IDENT").ok for who in ("AUTHOR", "COMMITTER"))

    def stage(self, paths: Iterable[Path]) -> None:
        """Add `paths` to the user's index, for a commit by hand."""
        self._add(self.not_ignored(sorted(paths)))

    def not_ignored(self, paths: list[Path], index: str = "") -> list[Path]:
        """Return the paths that no ignore rule keeps out."""
        command = ("check-ignore", "-z", "--stdin")
        ignored = self.git(*command, stdin=_listed(paths), index=index).output
        names = set(ignored.split(b"\0"))
        return [path for path in paths if os.fsencode(path.as_posix()) not in names]

    def at_head(self, path: Path) -> bytes | None:
        """Return a file's content in the last commit, with the line ends of the work tree."""
        shown = self.git("cat-file", "--filters", f"HEAD:./{path.as_posix()}")
        return shown.output if shown.ok else None

    def names_at_head(self) -> set[Path]:
        """Return all files of the last commit in and below this folder."""
        listed = self.git("ls-tree", "-r", "-z", "--name-only", "HEAD").output
        return {Path(os.fsdecode(name)) for name in listed.split(b"\0") if name}

    def commit(
        self,
        message: str,
        paths: Iterable[Path],
        versions: dict[Path, str] | None = None,
        removed: Iterable[Path] = (),
    ) -> bool:
        """Commit `paths` and nothing else that may be staged or lie about; False if none changed.

        `versions` are contents that go into the commit where the work tree holds more (edits that
        the user has not committed). Ignored files stay out.

        Raises:
            GitError: git says no; the user's index is as it was, with `paths` added.
        """
        index = str(self._folder() / "takehome-index")
        wanted = sorted({path for path in paths if path.is_file()})
        try:
            head = self.has_commits()
            self.git(*(["read-tree", "HEAD"] if head else ["read-tree", "--empty"]), index=index)
            wanted = self.not_ignored(wanted, index)
            if wanted:
                self._add(wanted, index)
            for path, content in (versions or {}).items():
                self._store(path, content, index)
            for path in removed:
                self.git("rm", "--cached", "--quiet", "--", path.as_posix(), index=index)
            if head and self.git("diff", "--cached", "--quiet", "HEAD", index=index).ok:
                return False
            if not head and not wanted:
                return False
            # No hook of the starter's: --no-verify still runs prepare-commit-msg and post-commit.
            command = ["-c", "core.hooksPath=/dev/null", "commit", "--quiet", "--no-verify"]
            made = self.git(*command, "-m", message, index=index)
            if not made.ok:
                self._add(wanted)
                raise GitError(made.complaint)
            touched = [*wanted, *(versions or {}), *removed]
            self.git("reset", "--quiet", *_FROM_STDIN, stdin=_listed(touched))
            return True
        finally:
            with contextlib.suppress(OSError):
                Path(index).unlink(missing_ok=True)
            files.discard(Path(f"{index}.lock"))

    def tag(self, *options: str) -> str:
        """Mark the last commit as the render alone; return why that was not to be, or ""."""
        # A signature would ask for a message and a passphrase, where nobody can type them.
        done = self.git("tag", "--no-sign", *options, TAG)
        return "" if done.ok else done.complaint

    def _folder(self) -> Path:
        """Return where git keeps this repository; of a worktree, the worktree's own."""
        return Path(os.fsdecode(self.git("rev-parse", "--absolute-git-dir").output).strip())

    def _add(self, paths: list[Path], index: str = "") -> None:
        # Literal: a file may be called "[a].csv", which git would read as a pattern.
        command = ("--literal-pathspecs", "add", *_FROM_STDIN)
        done = self.git(*command, stdin=_listed(paths), index=index)
        if not done.ok:
            raise GitError(done.complaint)

    def _store(self, path: Path, content: str, index: str) -> None:
        name = path.as_posix()
        stored = self.git(
            "hash-object", "-w", f"--path={name}", "--stdin", stdin=content.encode("utf-8")
        )
        if stored.ok:
            number = stored.output.decode("ascii").strip()
            prefix = os.fsdecode(self.git("rev-parse", "--show-prefix").output).strip("\n")
            entry = f"100644,{number},{prefix}{name}"
            stored = self.git("update-index", "--add", "--cacheinfo", entry, index=index)
        if not stored.ok:
            raise GitError(f"git could not store {name}: {stored.complaint}")


def _listed(paths: Iterable[Path]) -> bytes:
    """Return paths as git reads them from standard input, any letter in them."""
    return b"".join(os.fsencode(path.as_posix()) + b"\0" for path in paths)


def too_large(paths: Iterable[Path], say: Say) -> list[Path]:
    """Return the paths without what no host would take; say which were left out."""
    kept = []
    for path in paths:
        size = path.stat().st_size
        if size < _LARGEST:
            kept.append(path)
        else:
            say(
                f"{path.as_posix()} has {size // 1_000_000} MB, more than GitHub takes: not committed."
            )
    return kept
