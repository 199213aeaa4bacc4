"""Who asked: the file, commit and author behind each request of a run."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from pipeline.account_requests.history import last_changes, standing
from pipeline.app.desire import Desire
from pipeline.app.workspace import Workspace
from pipeline.model.change import Change, UnitChange, subject_of
from pipeline.reconcile.record import RequestOrigin


def origins_of(workspace: Workspace, desire: Desire, keys: Iterable[str]) -> Mapping[str, RequestOrigin]:
    """By request key; a file that is not committed, or outside of git, has no commit."""
    wanted = frozenset(keys)
    files = {each.key: each.origin().file for each in desire.desired.requests if each.key in wanted}
    known = last_changes(workspace.root, files.values()) if files else {}
    return {
        key: RequestOrigin(file=file, commit=who.commit, author=who.author, date=who.date)
        if (who := known.get(file)) is not None
        else RequestOrigin(file=file)
        for key, file in files.items()
    }


def standing_subjects(root: Path, desire: Desire, changes: Iterable[Change]) -> frozenset[str]:
    """The keys and unit paths of those changes that follow from nothing but files as they were committed."""
    sources = {request.key: {place.file for place in request.origins.values()} for request in desire.desired.requests}
    units = {unit.path: {unit.location.file} for unit in desire.desired.units}
    files = {
        subject_of(each): (units if isinstance(each, UnitChange) else sources).get(subject_of(each), set())
        for each in changes
    }
    committed = standing(root, (file for named in files.values() for file in named))
    return frozenset(subject for subject, named in files.items() if named and named <= committed)
