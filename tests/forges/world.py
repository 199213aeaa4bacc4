"""What both fake forges keep: commits, pull requests, comments, verdicts, issues. No words of either forge."""

from dataclasses import dataclass, field
from itertools import count
from typing import Any

OURS, OTHERS = "token-of-vend", "token-of-somebody"
PEOPLE = {OURS: "vend", OTHERS: "mallory"}
REPOSITORY = "example/accounts"


def sha(text: str) -> str:
    """A commit id that is easy to tell from others."""
    return f"{text.encode().hex():0<40}"[:40]


@dataclass
class Pull:
    number: int
    head: str
    author: str = "octavia"
    title: str = "Add payments"
    branch: str = "payments"
    base: str = "main"
    fork: bool = False
    merged_at: str | None = None
    state: str = "open"
    files: list[tuple[str, str]] = field(default_factory=list)
    """New name and old name of each file."""
    body: str = ""


@dataclass
class World:
    commits: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Parents by commit, the newest commit last."""
    brought: dict[str, list[int]] = field(default_factory=dict)
    pulls: dict[int, Pull] = field(default_factory=dict)
    comments: list[dict[str, Any]] = field(default_factory=list)
    verdicts: list[dict[str, Any]] = field(default_factory=list)
    issues: list[dict[str, Any]] = field(default_factory=list)
    scopes: list[str] = field(default_factory=lambda: ["api"])
    """Of every token, where the forge tells them; the tokens of GitHub are an app's here, of which it does not."""
    numbers: "count[int]" = field(default_factory=lambda: count(1000))
    before_answer: list[Any] = field(default_factory=list)
    """Called with method and path before each request is answered: what another job does at that moment."""

    def pull(self, number: int = 7, head: str = "", **values: Any) -> Pull:
        made = Pull(number, head or sha(f"head{number}"), **values)
        self.pulls[number] = made
        return made

    def comment(self, number: int, author: str, body: str) -> dict[str, Any]:
        made = {"id": next(self.numbers), "number": number, "author": author, "body": body}
        self.comments.append(made)
        return made

    def resolved(self, name: str) -> str:
        """The commit of this id; of a branch's name, that of main."""
        return name if name != "main" else next(reversed(self.commits))

    def bodies(self, number: int = 7) -> list[str]:
        return [each["body"] for each in self.comments if each["number"] == number]
