"""From the files below `account-requests/` to the desired state and everything that is wrong with them."""

import gc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.account_requests.candidate import Candidate
from pipeline.account_requests.files import FOLDER, SourceFile, SourceTree, find_files
from pipeline.account_requests.inheritance import inherit
from pipeline.account_requests.rules import Rules, check_request
from pipeline.account_requests.schema import Kind, check
from pipeline.account_requests.uniqueness import check_uniqueness
from pipeline.account_requests.units import declared_units
from pipeline.account_requests.written import Document
from pipeline.model.account import UNOBSERVED, AccountSpec, ContactType, WantedState
from pipeline.model.change import contact_from
from pipeline.model.finding import Finding, Location, has_errors
from pipeline.model.request import AccountRequest, DesiredState, DesiredUnit


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """What is asked for, and all findings, sorted.

    A request with an error, or resting on a file with errors, is not in `desired`, and its key is in `refused`: its account
    is not an orphan.
    """

    desired: DesiredState
    findings: tuple[Finding, ...] = ()
    refused: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class _Inherited:
    """What a folder hands down, if anything; `is_whole` is false if a file on the way has errors."""

    document: Document | None = None
    is_whole: bool = True


def load(root: Path, rules: Rules) -> Loaded:
    """Read everything below `root/account-requests`; never raises for what is in the files, whatever bytes they hold."""
    with _uncollected():
        return _Loading(find_files(root), rules).load()


def inherited_by(root: Path, folder: str, rules: Rules) -> Document | None:
    """What the requests in a folder (a path below `root`) inherit; None for nothing."""
    return _Loading(find_files(root), rules).inherited_by(folder)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Without the cyclic collector: a load makes no cycles, and walking over all it made takes a quarter of the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


class _Loading:
    def __init__(self, tree: SourceTree, rules: Rules) -> None:
        self._tree = tree
        self._rules = rules
        self._findings = set(tree.findings)
        self._unclear = frozenset(_folders_without_clear_defaults(tree))
        self._inherited: dict[str, _Inherited] = {}
        self._refused: set[str] = set()  # files

    def load(self) -> Loaded:
        units = self._units()
        paths = None if units is None else frozenset(unit.path for unit in units)
        for folder in self._tree.defaults:  # also those that nothing inherits from
            self._inherited_by(folder)
        candidates = [found for file in self._tree.requests if (found := self._candidate(file, paths)) is not None]
        for candidate, finding in check_uniqueness(candidates):
            self._note(candidate.file, finding)
        requests = [_request(each) for each in candidates if each.file not in self._refused]
        return Loaded(
            desired=DesiredState(requests=tuple(sorted(requests, key=lambda each: each.key)), units=units or ()),
            findings=tuple(sorted(self._findings)),
            refused=frozenset(file.stem for file in self._tree.requests if file.name in self._refused),
        )

    def inherited_by(self, folder: str) -> Document | None:
        return self._inherited_by(folder).document

    def _units(self) -> tuple[DesiredUnit, ...] | None:
        """The declared units; None if they are not known. Then no request is taken: none can be placed."""
        file = self._tree.organization
        if file is None:
            self._findings.update([_no_organization()] if self._tree.is_there else [])
            return None
        found = file.read()
        units, findings = declared_units(found) if isinstance(found, Document) else ((), found)
        self._findings.update(findings)
        return None if findings else units

    def _candidate(self, file: SourceFile, units: frozenset[str] | None) -> Candidate | None:
        inherited = self._inherited_by(file.folder)
        if units is None or not inherited.is_whole:
            self._refused.add(file.name)
        document = file.read()
        if not isinstance(document, Document):
            self._note(file.name, *document)
            return None
        misfits = check(Kind.REQUEST, document)
        effective, warnings = inherit(inherited.document, document)
        candidate = Candidate(
            key=file.stem,
            file=file.name,
            document=effective.value,
            origins=effective.places,
            is_whole=inherited.is_whole,
        )
        # What does not fit its schema is not also said to be undeclared, or no day.
        known = {(each.location, each.attribute) for each in misfits}
        found = check_request(candidate, self._rules, units)
        others = [each for each in found if (each.location, each.attribute) not in known]
        self._note(file.name, *misfits, *warnings, *others)
        return candidate

    def _inherited_by(self, folder: str) -> _Inherited:
        """What the files in a folder inherit: from its own defaults and those of the folders above."""
        path, inherited = "", _Inherited()
        for step in folder.split("/"):
            path = f"{path}/{step}" if path else step
            if path not in self._inherited:
                self._inherited[path] = self._handed_down(inherited, path)
            inherited = self._inherited[path]
        return inherited

    def _handed_down(self, above: _Inherited, folder: str) -> _Inherited:
        is_whole = above.is_whole and folder not in self._unclear
        file = self._tree.defaults.get(folder)
        if file is None:
            return _Inherited(above.document, is_whole=is_whole)
        document = file.read()
        findings = check(Kind.DEFAULTS, document) if isinstance(document, Document) else document
        self._findings.update(findings)
        if findings or not isinstance(document, Document):
            return _Inherited(above.document, is_whole=False)
        merged, warnings = inherit(above.document, document)
        self._findings.update(warnings)
        return _Inherited(merged, is_whole=is_whole)

    def _note(self, file: str, *findings: Finding) -> None:
        self._findings.update(findings)
        if has_errors(findings):
            self._refused.add(file)


def _folders_without_clear_defaults(tree: SourceTree) -> Iterator[str]:
    """Folders with a file beside or in place of `_defaults.yaml` that is not read: a link that leads away, a wrong name."""
    for finding in tree.findings:
        folder, _, name = finding.location.file.rpartition("/")
        if name.startswith("_"):
            yield folder


def _no_organization() -> Finding:
    return Finding(
        location=Location(f"{FOLDER}/_organization.yaml"),
        rule="no-organization",
        message="there is no such file, so no unit is declared",
        hint="write it, like units: {Workloads: {units: {Prod: null, Test: null}}}",
    )


def _request(candidate: Candidate) -> AccountRequest:
    document: Mapping[str, Any] = candidate.document
    return AccountRequest(
        key=candidate.key,
        spec=_spec(document),
        account_id=candidate.text("account_id"),
        repair=tuple(document.get("repair", ())),
        confirm=candidate.mapping("confirm") or {},
        origins=candidate.origins,
        document=document,
    )


def _spec(document: Mapping[str, Any]) -> AccountSpec:
    """The specification that a valid document stands for."""
    return AccountSpec(
        name=document["name"],
        email=document["email"],
        organizational_unit=document["organizational_unit"],
        state=WantedState(document.get("state", WantedState.OPEN)),
        tags=document.get("tags", {}),
        contacts={ContactType(kind): contact_from(each) for kind, each in document.get("contacts", {}).items()},
        owner=document.get("owner"),
        purpose=document.get("purpose"),
        expires=document.get("expires"),
        protected=document.get("protected", False),
        regions=tuple(document.get("regions", ())),
        managed=document.get("managed", UNOBSERVED),
        contact_information=document.get("contact_information") or UNOBSERVED,
        sso_user=document.get("sso_user") or UNOBSERVED,
        access=tuple(document.get("access", ())),
        settings=document.get("settings", {}),
        customizations=tuple(document.get("customizations", ())),
        custom_fields=document.get("custom_fields", {}),
    )
