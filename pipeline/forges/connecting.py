"""The forge behind a token. Clients are imported here, when one is used."""

from collections.abc import Mapping

from pipeline.forges.protocol import Forge
from pipeline.forges.surroundings import GITHUB, Surroundings, token_of


def connect(where: Surroundings, environment: Mapping[str, str]) -> Forge:
    """Makes no call. Raises `UsageError` without a token."""
    token = token_of(environment, where.forge)
    if where.forge == GITHUB:
        from pipeline.forges import github  # noqa: PLC0415 - its client is slow to import, and few verbs need one

        app = environment.get("VEND_GITHUB_APP") or github.ACTIONS
        return github.GitHub(where.repository, token, url=where.url or github.URL, app=app)
    from pipeline.forges import gitlab  # noqa: PLC0415 - as above

    return gitlab.GitLab(where.repository, token, url=where.url or gitlab.URL)
