"""Who asked: the file, commit and author behind each request of a run."""

from collections.abc import Iterable, Mapping

from pipeline.account_requests.history import last_changes
from pipeline.app.desire import Desire
from pipeline.app.workspace import Workspace
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
