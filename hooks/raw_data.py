"""The data that came with the assignment goes under data/raw/, as it arrived."""

import os
import shutil
import stat
import zipfile
from dataclasses import dataclass
from pathlib import Path

import columns
import files

RAW = Path("data/raw")
_UNWANTED = {".git", "__pycache__", ".venv", "node_modules", "__MACOSX", ".DS_Store", "Thumbs.db"}
_SPARE = 200_000_000  # bytes that must stay free on the disk
_ENTRIES = 200_000  # of a ZIP; more is not a take-home's data


class NoDataError(Exception):
    """The data was not put in place; the message says why, as the end of a sentence."""


@dataclass(frozen=True, slots=True)
class Placed:
    """Where the data lies now, and what was left out, as the end of a sentence."""

    path: Path
    left_out: str = ""
    was_here: bool = False


def place(typed: str, destination: str) -> Placed:
    """Copy (a ZIP: unpack) what `typed` names under data/raw/, unless it lies here already.

    Raises:
        NoDataError: nothing there, no space, or it is not a file and not a folder.
        OSError: something on the way may not be read or written.
    """
    if files.is_address(typed):
        raise NoDataError("nothing was fetched from there; save it first")
    source = files.find(typed, destination)
    here = Path.cwd().resolve()
    if here == source or here.is_relative_to(source):
        raise NoDataError("that folder holds this repository; name the one with the data")
    if source.is_relative_to(here):
        return Placed(_one_table(source.relative_to(here)), was_here=True)
    name = Path(files.typed_name(typed)).name or source.name
    if source.is_file() and source.suffix.lower() == ".zip" and zipfile.is_zipfile(source):
        target = RAW / Path(name).stem
        if not target.exists():
            _unpack(source, target)
        return Placed(_one_table(target))
    target = _place_of_folder(source, name) if source.is_dir() else RAW / name
    if target.exists():
        return Placed(_one_table(target), was_here=True)
    if source.is_file():
        _needs(source.stat().st_size)
        files.copy_atomically(source, target)
        return Placed(target)
    if not source.is_dir():
        raise NoDataError("it is neither a file nor a folder; name one")
    left_out = _copy_folder(source, target)
    return Placed(_one_table(target), left_out)


def _place_of_folder(source: Path, name: str) -> Path:
    """Return where a folder goes: one called data is data/raw/ itself, unless others' data are there."""
    if name.lower() not in ("data", "raw"):
        return RAW / name
    if not RAW.exists():
        return RAW
    there = {file.name for file in RAW.iterdir()}  # placed by an earlier copy, or something else?
    return RAW if there and there <= {file.name for file in source.iterdir()} else RAW / name


def _one_table(path: Path) -> Path:
    """Return the only table in a folder, else the path as it is."""
    if not path.is_dir():
        return path
    inside = [file for file in path.rglob("*") if file.is_file() and not _hidden(file, path)]
    tables = [file for file in inside if file.suffix.lower() in columns.TABLES]
    return tables[0] if len(tables) == 1 else path  # the other files are what its rows speak of


def beside(table: Path) -> int:
    """Count the other files that lie where a table was put; 0 where that is no folder of ours."""
    if not table.is_file() or not table.is_relative_to(RAW):
        return 0
    folder = table.parent
    return sum(file.is_file() and not _hidden(file, folder) for file in folder.rglob("*")) - 1


def _hidden(file: Path, root: Path) -> bool:
    return any(part.startswith(".") for part in file.relative_to(root).parts)


def _needs(size: int) -> None:
    free = shutil.disk_usage(Path.cwd()).free
    if size + _SPARE > free:
        raise NoDataError(
            f"it has {size // 1_000_000:,} MB and the disk {free // 1_000_000:,} free, of which "
            f"{_SPARE // 1_000_000} stay free for .venv: make room"
        )


def _copy_folder(source: Path, target: Path) -> str:
    """Copy files of a folder, not its environments; return what is missing, and why."""
    found: list[Path] = []
    links: list[Path] = []
    for folder, folders, names in os.walk(source):
        folders[:] = sorted(set(folders) - _UNWANTED)
        below = [Path(folder) / name for name in folders]
        links += [path for path in below if not path.resolve().is_relative_to(source)]
        found += [Path(folder) / name for name in sorted(set(names) - _UNWANTED)]
    sizes = 0
    plain, unread = [], []
    for file in found:
        try:
            status = file.stat()
        except OSError:
            unread.append(file)
            continue
        if stat.S_ISREG(status.st_mode):
            plain.append(file)
            sizes += status.st_size
    _needs(sizes)
    with files.draft(target) as part:
        part.mkdir(parents=True)
        for file in plain:
            copy = part / file.relative_to(source)
            copy.parent.mkdir(parents=True, exist_ok=True)
            try:
                shutil.copyfile(file, copy)
            except PermissionError:
                copy.unlink(missing_ok=True)
                unread.append(file)
    left_out = []
    for missing, what in (
        (unread, "files could not be read"),
        (links, "links to folders elsewhere were not followed"),
    ):
        if missing:
            names = ", ".join(str(path.relative_to(source)) for path in missing[:3])
            left_out.append(f"{len(missing)} {what} and are missing ({names})")
    return "; ".join(left_out)


def _unpack(source: Path, target: Path) -> None:
    """Unpack a ZIP; names that would leave the folder are cut by `zipfile` itself."""
    try:
        with zipfile.ZipFile(source) as archive, files.draft(target) as part:
            entries = [
                entry
                for entry in archive.infolist()
                if not _UNWANTED & set(Path(entry.filename).parts)
            ]
            if len(entries) > _ENTRIES:
                raise NoDataError(f"the ZIP has {len(entries):,} entries; unpack what you need")
            _needs(sum(entry.file_size for entry in entries))
            part.mkdir(parents=True)
            for entry in entries:
                archive.extract(entry, part)
            _without_wrapping(part)
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError, ValueError) as error:
        reason = "it is locked by a password" if "password" in str(error) else f"{error}"
        raise NoDataError(
            f"the ZIP could not be unpacked ({reason}); unpack it yourself"
        ) from error


def _without_wrapping(folder: Path) -> None:
    """Lift what lies in a single folder of the same name: data.zip with data/ in it."""
    inside = list(folder.iterdir())
    expected = folder.name.removeprefix(".").removesuffix(".part")
    if len(inside) == 1 and inside[0].is_dir() and inside[0].name == expected:
        wrapping = inside[0].rename(folder / ".wrapping")
        for item in wrapping.iterdir():
            item.rename(folder / item.name)
        wrapping.rmdir()
