"""What no two requests may share: the key, the e-mail address, the alias, the account."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator

from pipeline.account_requests.candidate import Candidate
from pipeline.model.finding import Finding
from pipeline.model.request import Path

Clash = tuple[Candidate, Finding]
"""A finding, and the request that it is about."""


def check_uniqueness(candidates: Iterable[Candidate]) -> Iterator[Clash]:
    """What is asked for twice. Every request that takes part in it gets a finding, which names another one."""
    ordered = sorted(candidates, key=lambda each: each.file)
    for candidate, other in _sharing(ordered, lambda each: each.key.casefold()):
        message = f'key "{candidate.key}" is also the name of {other.file}'
        yield candidate, candidate.finding((), "key-unique", message, "rename the newer file")
    for path, word, remedy in (
        (("email",), "e-mail", "choose another address"),
        (("settings", "alias"), "alias", "choose another alias"),
        (("account_id",), "account id", "keep the request that the account belongs to"),
    ):
        yield from _same_text(ordered, path, word, remedy)


def _same_text(candidates: list[Candidate], path: Path, word: str, remedy: str) -> Iterator[Clash]:
    for candidate, other in _sharing(candidates, lambda each: (each.text(*path) or "").casefold()):
        message = f'{word} "{candidate.text(*path)}" is also requested at {other.place(*path)}'
        yield candidate, candidate.finding(path, f"{path[-1].replace('_', '-')}-unique", message, remedy)


def _sharing(candidates: list[Candidate], fact: Callable[[Candidate], str]) -> Iterator[tuple[Candidate, Candidate]]:
    """Every request that shares the fact with another one, and the first such other; an empty fact is not shared."""
    sharing: defaultdict[str, list[Candidate]] = defaultdict(list)
    for candidate in candidates:
        if shared := fact(candidate):
            sharing[shared].append(candidate)
    for group in sharing.values():
        for candidate in group if len(group) > 1 else ():
            yield candidate, group[1] if candidate is group[0] else group[0]
