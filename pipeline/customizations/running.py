"""Running a customization in an account: its difference, or its reviewed difference applied.

Every step looks before it acts and leaves its result outside of this process, so a run that is killed anywhere is repeated:
the copy and its `init` are repeated unless they ended well; a plan is never kept; before the apply a mark says what was
begun, after it another says what is verified; Terraform itself keeps the state, and its lock.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from pipeline.customizations.comparing import objection, review_digest
from pipeline.customizations.environment import refuse_reattached_providers
from pipeline.customizations.executing import attended
from pipeline.customizations.failures import Failure, TerraformError
from pipeline.customizations.fingerprint import Fingerprint, fingerprint, short, source_digest
from pipeline.customizations.overrides import Backend, LocalBackend, local_state
from pipeline.customizations.releases import Release, Tree, read_tree
from pipeline.customizations.runs import Job, Surroundings, opened
from pipeline.customizations.state import NO_STATE, Mark, StateStore, checked
from pipeline.customizations.terraform import cli_config
from pipeline.errors import ServiceError, TemporaryServiceError
from pipeline.model.customization import Difference, Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """Terraform made these changes. `said`: the last words of what ran before and after."""

    difference: Difference
    said: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Unchanged:
    """Terraform found nothing to do; the difference tells of drift that its plan leaves alone. `said`: as in `Applied`."""

    difference: Difference
    said: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """Nothing was applied: what Terraform would do now was not reviewed, or destroys too much."""

    message: str
    hint: str
    difference: Difference


Ran = Applied | Unchanged | Held | Failure


class Customizer:
    """Runs customizations. Safe to use from many threads; two runs of one target wait for each other.

    Raises `UsageError` if the environment would make Terraform mix up accounts.
    """

    def __init__(self, around: Surroundings, backend: Backend, store: StateStore) -> None:
        refuse_reattached_providers(around.ours)
        self._around = around
        self._backend = backend
        self._store = store
        self._lock = threading.Lock()
        self._trees: dict[Release, Tree] = {}
        around.workspace.write_cli_config(cli_config(around.mirror, around.workspace.downloads))

    def fingerprint(self, job: Job) -> Fingerprint:
        """What the job depends on. The files of a release are read once. Raises `ServiceError` if they cannot be."""
        tree, around = self._tree(job.release), self._around
        return fingerprint(
            job.release, tree, job.inputs, backend=self._backend, program=around.program, region=around.region
        )

    def changed_files(self, job: Job, earlier_source: str) -> tuple[str, ...]:
        """Which files differ from those of an earlier source, as `Due` names it; empty if it is not remembered.

        Paths are relative to the lowest folder that holds the customization and its modules. Costs two calls.
        """
        earlier = self._store.recall_source(earlier_source)
        if earlier is None:
            return ()
        files = self._tree(job.release).files
        return tuple(sorted(name for name in files.keys() | earlier.keys() if files.get(name) != earlier.get(name)))

    def difference(self, job: Job) -> Difference | Failure:
        """What Terraform would change. Writes nothing to AWS, not even a lock: the plan is made against a copy of the state.

        With the S3 backend, Terraform would make an empty state for a new account already when it plans.
        """
        copies = LocalBackend(directory=self._around.workspace.root / "states")
        try:
            tree = self._tree(job.release)
            with (
                opened(self._around, job, tree, copies, reaches_state=False) as run,
                self._copied_state(job.target, copies),
            ):
                return run.plan(lock=None)
        except (TerraformError, ServiceError, OSError) as error:
            return _failure(job.target, error)

    def apply(self, job: Job, reviewed: Difference | None, *, max_destroys: int | None = None) -> Ran:
        """Plan again, and apply the plan if it is what was reviewed; then remember that it is verified.

        `reviewed` None: people have reviewed the source and the inputs, and no plan; then `max_destroys` holds what would
        delete or replace more. What the customization brings runs before that plan, and after an apply or an empty plan;
        until that, too, has ended well, nothing is verified.
        """
        lock = self._around.limits.lock
        try:
            resumed = self._is_resumed(job, reviewed)
            tree = self._tree(job.release)
            with (
                opened(self._around, job, tree, self._backend) as run,
                attended(self._around, job, tree, run.folder) as attendance,
            ):
                said = attendance.before()
                now = run.plan(lock=lock)
                if held := _hold(now, reviewed, resumed=resumed, max_destroys=max_destroys):
                    return held
                if now.applicable or attendance.follows:
                    # Even if this run fails, the next one can say what has changed since.
                    self._remember_source(job)
                    self._store.mark(job.target, self._mark(job, begun=review_digest(reviewed or now)))
                if now.applicable:
                    run.apply(lock=lock)
                said += attendance.after()
                self._remember(job)
                return Applied(difference=now, said=said) if now.applicable else Unchanged(difference=now, said=said)
        except (TerraformError, ServiceError, OSError) as error:
            return _failure(job.target, error)

    def _tree(self, release: Release) -> Tree:
        with self._lock:
            if release not in self._trees:
                self._trees[release] = read_tree(release)
            return self._trees[release]

    def _mark(self, job: Job, *, etag: str = "", begun: str = "") -> Mark:
        today = self._around.patience.clock.now().date()
        return Mark(day=today, fingerprint=self.fingerprint(job).text, etag=etag, begun=begun)

    def _remember(self, job: Job) -> None:
        self._remember_source(job)
        etag = self._store.listing(job.target).etags.get(job.target, NO_STATE)
        self._store.mark(job.target, self._mark(job, etag=etag))

    def _remember_source(self, job: Job) -> None:
        tree = self._tree(job.release)
        self._store.remember_source(short(source_digest(tree)), tree.files)

    def _is_resumed(self, job: Job, reviewed: Difference | None) -> bool:
        """Whether an apply of this very review was begun before, and did not end well."""
        if reviewed is None:
            return False
        wanted, digest = self.fingerprint(job).text, review_digest(reviewed)
        marks = self._store.listing(checked(job.target)).marks.get(job.target, ())
        return any(each.fingerprint == wanted and each.begun == digest for each in marks)

    @contextmanager
    def _copied_state(self, target: Target, copies: LocalBackend) -> Iterator[None]:
        place = local_state(copies, target)
        place.unlink(missing_ok=True)
        try:
            if (content := self._store.read_state(target)) is not None:
                place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                place.touch(mode=0o600)
                place.write_bytes(content)
            yield
        finally:
            place.unlink(missing_ok=True)


def _hold(now: Difference, reviewed: Difference | None, *, resumed: bool, max_destroys: int | None) -> Held | None:
    if not now.applicable:
        return None
    if reviewed is not None:
        if said := objection(now, reviewed, resumed=resumed):
            return Held(
                message=f"not what was reviewed: {said}", hint="plan again, and review the new plan", difference=now
            )
    elif max_destroys is not None and now.destroys > max_destroys:
        return Held(
            message=f"it would delete or replace {now.destroys} resources; at most {max_destroys} are allowed unreviewed",
            hint="review its plan, or raise max_destroys in vending.yaml",
            difference=now,
        )
    return None


def _failure(target: Target, error: TerraformError | ServiceError | OSError) -> Failure:
    if isinstance(error, TerraformError):
        return error.failure
    where = f'account {target.account_id}, customization "{target.customization}"'
    if isinstance(error, OSError):
        place = f'"{error.filename}": ' if error.filename else ""
        message = f"{where}: the work directory cannot be used: {place}{error.strerror or type(error).__name__}"
        return Failure(message=message, hint="check the disk and the permissions, then run again")
    temporary = isinstance(error, TemporaryServiceError)
    return Failure(message=f"{where}: {error}", hint=error.hint, temporary=temporary)
