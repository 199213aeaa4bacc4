"""`vend status`: which runs go on elsewhere, and where the changes of an account stand in them."""

from pipeline.app.parts import Parts
from pipeline.app.workspace import Workspace
from pipeline.model.standing import Standing
from pipeline.settings import load_settings


def runs(workspace: Workspace, parts: Parts) -> tuple[str, ...]:
    """Ids of the runs that go on. Raises `VendError`."""
    settings = load_settings(workspace.root)
    return parts.engine(settings, "status", lambda _: None).unfinished()


def standings(workspace: Workspace, parts: Parts, key: str) -> tuple[Standing, ...]:
    """The changes of a request in the runs that go on. Raises `VendError`."""
    settings = load_settings(workspace.root)
    return parts.engine(settings, "status", lambda _: None).standings(key)
