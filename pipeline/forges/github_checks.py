"""Verdicts as check runs of GitHub: https://docs.github.com/en/rest/checks/runs.

A check run can be created by an app only, and only that app can change it; GitHub says of each one whose it is. The order and
the seal of a verdict are its `external_id`.
"""

from typing import Any, Final

from github.CheckRun import CheckRun
from github.Repository import Repository

from pipeline.errors import PermanentServiceError
from pipeline.forges.orders import order_time
from pipeline.forges.values import Annotation, Conclusion, Level, Verdict

PER_CALL: Final = 50
"""Annotations that one call takes; each further call adds to them."""

LONGEST: Final = 65_535
_TITLE: Final = 200
_DONE: Final = "completed"
_CONCLUSIONS: Final = {
    Conclusion.GREEN: "success",
    Conclusion.ON_HOLD: "neutral",
    Conclusion.FAILED: "failure",
}
_READ: Final = {word: conclusion for conclusion, word in _CONCLUSIONS.items()}
_LEVELS: Final = {Level.NOTICE: "notice", Level.WARNING: "warning", Level.FAILURE: "failure"}


def set_verdict(repository: Repository, app: str, verdict: Verdict) -> None:
    """Create the check run, or adopt the one of this order; annotations that are there already are not sent again."""
    found = [each for each in _ours(repository, app, verdict.sha, verdict.name) if _order(each) == verdict.order]
    run = found[-1] if found else None
    sent = (run.output.annotations_count or 0) if run is not None else 0
    left = [_annotation(each) for each in verdict.annotations[sent:]]
    batches = [left[start : start + PER_CALL] for start in range(0, len(left), PER_CALL)] or [[]]
    for place, batch in enumerate(batches):
        is_last = place == len(batches) - 1
        run = _write(repository, run, verdict, batch, finished=is_last and verdict.conclusion is not Conclusion.RUNNING)
        _check_app(run, app)


def verdicts(repository: Repository, app: str, sha: str, name: str) -> tuple[Verdict, ...]:
    """Ours, the newest order last."""
    runs = sorted(_ours(repository, app, sha, name), key=lambda each: (_order(each), each.id))
    return tuple(_verdict(each) for each in runs)


def _ours(repository: Repository, app: str, sha: str, name: str) -> list[CheckRun]:
    found = repository.get_commit(sha).get_check_runs(check_name=name, filter="all")
    return [each for each in found if each.app.slug == app and each.name == name]


def _write(
    repository: Repository, run: CheckRun | None, verdict: Verdict, annotations: list[Any], *, finished: bool
) -> CheckRun:
    output: dict[str, Any] = {
        "title": verdict.title[:_TITLE],
        "summary": _clipped(verdict.summary),
        "annotations": annotations,
    }
    if verdict.text:
        output["text"] = verdict.text
    given: dict[str, Any] = {"external_id": f"{verdict.order} {verdict.seal}".rstrip(), "output": output}
    given |= (
        {"status": _DONE, "conclusion": _CONCLUSIONS[verdict.conclusion]} if finished else {"status": "in_progress"}
    )
    if verdict.url:
        given["details_url"] = verdict.url
    if run is None:
        return repository.create_check_run(name=verdict.name, head_sha=verdict.sha, **given)
    run.edit(**given)
    return run


def _check_app(run: CheckRun, app: str) -> None:
    if (slug := run.app.slug) != app:
        raise PermanentServiceError(
            f'GitHub: the token belongs to the app "{slug}", and verdicts of "{app}" are trusted',
            hint=f"set VEND_GITHUB_APP={slug} in every job that plans or applies, if this is the app to trust",
        )


def _clipped(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def _annotation(each: Annotation) -> dict[str, Any]:
    return {
        "path": each.path,
        "start_line": max(each.line, 1),
        "end_line": max(each.line, 1),
        "annotation_level": _LEVELS[each.level],
        "title": each.title[:255],
        "message": each.message or each.title,
    }


def _order(run: CheckRun) -> str:
    return (run.external_id or "").partition(" ")[0]


def _verdict(run: CheckRun) -> Verdict:
    order, _, seal = (run.external_id or "").partition(" ")
    is_done = run.status == _DONE
    return Verdict(
        name=run.name,
        sha=run.head_sha,
        conclusion=_READ.get(run.conclusion, Conclusion.FAILED) if is_done else Conclusion.RUNNING,
        title=run.output.title or "",
        order=order,
        seal=seal,
        summary=run.output.summary or "",
        text=run.output.text or "",
        url=run.details_url or "",
        ended=order_time(run.completed_at) if is_done and run.completed_at is not None else "",
    )
