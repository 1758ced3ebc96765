"""Write a cleaned copy of a data set; the data set itself is only ever read."""

import json
import shutil
import uuid
from collections.abc import Sequence
from pathlib import Path

from translate.data.files import overlap
from translate.doctor.entries import describe_counts
from translate.doctor.examining import Diagnosis
from translate.doctor.places import OWN_FILE
from translate.doctor.removing import Plan, plan_copy
from translate.errors import ConfigError, DataError
from translate.images import UNFINISHED_SUFFIX
from translate.version import __version__


def expect_place(copy: Path, folders: Sequence[Path]) -> None:
    """Refuse a place where a copy would touch the data set, or anything else that is there.

    Raises:
        ConfigError: The place is taken, or overlaps with the data set.
    """
    for folder in folders:
        if overlap(copy, folder):
            raise ConfigError(
                f"--fix: {copy} lies in {folder}, or holds it. The copy is to lie apart from the "
                "data set, which is never written to: name another place."
            )
    if copy.exists() or copy.is_symlink():
        if not copy.is_dir():
            raise ConfigError(f"--fix: {copy} is a file. Name a folder that is not there yet.")
        if any(copy.iterdir()):
            raise ConfigError(
                f"--fix: {copy} is not empty. Name a folder that is empty or not there yet: a copy "
                "is never mixed with other files."
            )


def write_copy(diagnosis: Diagnosis, copy: Path, drops_suspicious: bool = False) -> Plan:
    """Copy what is good of a data set, in its layout and under its names; whole or not at all.

    Files are copied byte for byte. Beside them lies `doctor.json`, which says what was left out.

    Raises:
        ConfigError: As `expect_place`.
        DataError: The disk refuses, or nothing would be left.
    """
    expect_place(copy, diagnosis.data.folders)
    plan = plan_copy(diagnosis, drops_suspicious)
    _expect_enough(diagnosis, plan)
    place = copy.resolve()
    draft = place.with_name(f".{uuid.uuid4().hex[:12]}{UNFINISHED_SUFFIX}")
    try:
        draft.mkdir(parents=True)
        for entry in plan.kept:
            for name, file in zip(entry.names, entry.files, strict=True):
                target = draft / name
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(file, target)
        (draft / OWN_FILE).write_text(_describe(diagnosis, plan), encoding="ascii")
        if place.is_dir():
            place.rmdir()  # it is empty; nothing can be renamed onto it everywhere
        draft.rename(place)
    except OSError as error:
        raise DataError(
            f"--fix: {copy} could not be written ({error.strerror or error}). Look at the folder's "
            "permissions and at the free space; the data set is as it was."
        ) from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return plan


def _expect_enough(diagnosis: Diagnosis, plan: Plan) -> None:
    """Refuse to make a data set that lacks a domain it had: nothing could be learned from it."""
    before, after = (
        {(entry.split, entry.domains) for entry in entries}
        for entries in (diagnosis.data.entries, plan.kept)
    )
    for split, domains in sorted(before - after):
        what = "pairs" if domains == "ab" else f"photos of {domains.upper()}"
        raise DataError(
            f"--fix: nothing would be left of the {what} in {split} ({len(plan.left_out):,} files "
            f"of {diagnosis.data.title} would be left out): no copy is made. See what was found, "
            "and sort the photos anew."
        )


def describe_copy(plan: Plan, copy: Path) -> str:
    """Say what a copy holds, in one line."""
    kinds: dict[str, int] = {}
    for one in plan.left_out:
        kinds[one.kind] = kinds.get(one.kind, 0) + 1
    words = ", ".join(f"{count:,} {kind.replace('_', ' ')}" for kind, count in kinds.items())
    left_out = f"left out {words or 'nothing'}; {OWN_FILE} there names each"
    return f"{copy}: {describe_counts(plan.kept)}; {left_out}"


def _describe(diagnosis: Diagnosis, plan: Plan) -> str:
    content = {
        "format": 1,
        "version": __version__,
        "copied_from": [str(folder.absolute()) for folder in diagnosis.data.folders],
        "kept": sum(len(entry.files) for entry in plan.kept),
        "left_out": [{"file": one.name, "kind": one.kind, "why": one.why} for one in plan.left_out],
    }
    return json.dumps(content, indent=1) + "\n"
