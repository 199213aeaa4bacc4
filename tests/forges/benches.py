"""The two forges, each with its fake, for tests that hold on both."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from pipeline.forges.github import GitHub
from pipeline.forges.gitlab import GitLab
from pipeline.forges.protocol import Forge
from tests.forges.github_fake import github
from tests.forges.gitlab_fake import gitlab
from tests.forges.serving import Fake
from tests.forges.world import OTHERS, OURS, REPOSITORY, World


@dataclass
class Bench:
    """`kind`: github or gitlab. `prefix`: where the API is below the address."""

    kind: str
    fake: Fake
    world: World
    prefix: str = ""

    def forge(self, token: str = OURS) -> Forge:
        if self.kind == "github":
            app = "github-actions" if token == OURS else "mallory"
            return GitHub(REPOSITORY, token, url=self.fake.url + self.prefix, app=app, pause=0.01)
        return GitLab(REPOSITORY, token, url=self.fake.url)

    @property
    def others(self) -> Forge:
        """The same repository with somebody else's token."""
        return self.forge(OTHERS)

    @property
    def environment(self) -> dict[str, str]:
        """What a job of this forge has, but for what it runs for."""
        if self.kind == "github":
            return {
                "GITHUB_ACTIONS": "true",
                "GITHUB_REPOSITORY": REPOSITORY,
                "GITHUB_API_URL": self.fake.url + self.prefix,
                "GITHUB_SERVER_URL": "https://github.example",
                "GITHUB_RUN_ID": "17",
                "GITHUB_TOKEN": OURS,
            }
        return {
            "GITLAB_CI": "true",
            "CI_PROJECT_PATH": REPOSITORY,
            "CI_SERVER_URL": self.fake.url,
            "CI_JOB_ID": "17",
            "CI_JOB_URL": "https://gitlab.example/jobs/17",
            "GITLAB_TOKEN": OURS,
        }


@contextmanager
def bench_of(kind: str) -> Iterator[Bench]:
    """A fake of github, gitlab or enterprise (GitHub's own server), that has to have seen nothing that is not published."""
    world, prefix = World(), "/api/v3" if kind == "enterprise" else ""
    with gitlab(world) if kind == "gitlab" else github(world, prefix) as fake:
        yield Bench("gitlab" if kind == "gitlab" else "github", fake, world, prefix)
        assert not fake.violations, "\n".join(fake.violations)
