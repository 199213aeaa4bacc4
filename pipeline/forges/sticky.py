"""Exactly one post of ours with a marker: found again, updated in place, never overwritten by an older run."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from pipeline.errors import PermanentServiceError
from pipeline.forges.values import Comment, Posted, Posting

_ORDER: Final = re.compile(r"<!-- order:([A-Za-z0-9:._-]*) -->")


class GoneError(PermanentServiceError):
    """What was found a moment ago has been deleted by hand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Posts:
    """How posts of one kind are listed (ours only), made, changed and deleted."""

    ours: Callable[[], Sequence[Comment]]
    create: Callable[[str], Comment]
    edit: Callable[[Comment, str], Comment]
    delete: Callable[[Comment], None]


def upsert(posts: Posts, marker: str, body: str, order: str) -> Posted:
    """See `Forge.upsert_comment`. Of several posts (two jobs began at once) the one of the latest run stays."""
    written = with_order(marker, body, order)
    found = marked(posts.ours(), marker)
    if found and _is_later(found[-1].order, order):
        return Posted(posting=Posting.SUPERSEDED, url=found[-1].url)
    post, posting = _write(posts, found[-1] if found else None, written)
    return _only_one(posts, marker, post, posting) if posting is not Posting.UNCHANGED else _posted(post, posting)


def delete(posts: Posts, marker: str) -> bool:
    """Delete every one of ours with the marker; whether there was one."""
    found = marked(posts.ours(), marker)
    for each in found:
        _delete(posts, each)
    return bool(found)


def marked(posts: Sequence[Comment], marker: str) -> list[Comment]:
    """Those with the marker, the one of the latest run last."""
    found = (each for each in posts if each.body.startswith(marker))
    return sorted(found, key=lambda each: (each.order, each.number))


def with_order(marker: str, body: str, order: str) -> str:
    """The body with the order of its run in the line of the marker."""
    if not body.startswith(marker):
        raise ValueError(f'a body begins with its marker "{marker}"')
    return f"{marker}<!-- order:{order} -->{body.removeprefix(marker)}" if order else body


def order_of(body: str) -> str:
    """The order that `with_order` wrote; empty without one."""
    found = _ORDER.search(body.partition("\n")[0])
    return found[1] if found else ""


def _write(posts: Posts, found: Comment | None, body: str) -> tuple[Comment, Posting]:
    if found is None:
        return posts.create(body), Posting.CREATED
    if _same(found.body, body):
        return found, Posting.UNCHANGED
    try:
        return posts.edit(found, body), Posting.UPDATED
    except GoneError:
        return posts.create(body), Posting.CREATED


def _only_one(posts: Posts, marker: str, post: Comment, posting: Posting) -> Posted:
    """Read back, and delete what another job has made meanwhile, or a retry of ours has made twice."""
    there = {each.number: each for each in (post, *marked(posts.ours(), marker))}
    *others, latest = marked(list(there.values()), marker)
    for each in others:
        _delete(posts, each)
    if latest.number != post.number or _is_later(latest.order, post.order):
        return _posted(latest, posting if _same(latest.body, post.body) else Posting.SUPERSEDED)
    return _posted(latest, posting)


def _delete(posts: Posts, post: Comment) -> None:
    try:
        posts.delete(post)
    except GoneError:
        return


def _posted(post: Comment, posting: Posting) -> Posted:
    return Posted(posting=posting, url=post.url)


def _is_later(one: str, other: str) -> bool:
    return bool(other) and one > other


def _same(one: str, other: str) -> bool:
    """Forges change line ends, and the space at the end."""
    return one.replace("\r\n", "\n").rstrip() == other.replace("\r\n", "\n").rstrip()
