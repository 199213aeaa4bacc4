"""Whether the customizations that accounts get fit what their Terraform declares. Pure; runs no Terraform."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from pipeline.customizations.blocks import Literal
from pipeline.customizations.folder import Folder, Variable
from pipeline.customizations.given import ACCOUNT
from pipeline.customizations.sources import GitFolder, LocalFolder, Unusable, default_source, read_source, shown
from pipeline.customizations.types import Misfit, misfits, written
from pipeline.customizations.wording import accounts, did_you_mean
from pipeline.model.customization import Customization
from pipeline.model.finding import Finding, Location, Severity
from pipeline.model.json import Json

_CREDENTIALS: Final = frozenset(
    {"access_key", "secret_key", "token", "profile", "shared_config_files", "shared_credentials_files"}
)

Selected = Mapping[str, tuple[Customization, ...]]
"""The customizations of each account, by the key of its request."""


Given = Mapping[str, Mapping[str, Json]]
"""The value of `account` for each account, as `given.account_input` makes it, by the key of its request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Lack:
    """What some accounts do not have; the message names them between `before` and `after`."""

    place: Location
    attribute: str
    before: str
    after: str
    hint: str

    def of(self, keys: list[str]) -> Finding:
        message = f"{self.before} for {accounts(keys)} {self.after}"
        return _finding(self.place, "customization-input", message, self.hint, attribute=self.attribute)


def check(
    selected: Selected, folders: Mapping[str, Folder], *, given: Given, available: Collection[str]
) -> tuple[Finding, ...]:
    """What does not fit, sorted, each once however many accounts have it.

    `folders` are those that were read, by source; `available` all that the workspace has. A finding about an input stands
    where the input was written, and its message names the place in the folder; one about the folder stands there.
    """
    findings = {
        finding
        for customizations in selected.values()
        for each in customizations
        for finding in _customization(each, folders.get(each.source), available)
    }
    for folder in folders.values():
        findings.update(check_folder(folder))
    lacking: dict[_Lack, list[str]] = {}
    for key in sorted(selected):
        for each in selected[key]:
            for lack in _lacks(each, folders.get(each.source), given.get(key)):
                lacking.setdefault(lack, []).append(key)
    return tuple(sorted({*findings, *(lack.of(keys) for lack, keys in lacking.items())}))


def _customization(each: Customization, folder: Folder | None, available: Collection[str]) -> Iterator[Finding]:
    """What is wrong with one customization of one account, but for what is missing."""
    if ACCOUNT in each.inputs:
        message = (
            f'customization "{each.name}": the input "{ACCOUNT}" is not given by people; it says what the account is'
        )
        yield _at_input(each, ACCOUNT, message, "remove it; use custom_fields for your own values")
    yield from _source(each, folder, available)
    if folder is None or not folder.is_readable:
        return
    for name, value in each.inputs.items():
        if name == ACCOUNT:
            continue
        variable = folder.variables.get(name)
        if variable is None:
            yield _unknown(each, name, folder)
        else:
            yield from _value(each, variable, value)


def _source(each: Customization, folder: Folder | None, available: Collection[str]) -> Iterator[Finding]:
    match read_source(each.source):
        case Unusable(problem, hint):
            message = f'customization "{each.name}": the source "{shown(each.source)}" {problem}'
            yield _finding(each.location, "customization-source", message, hint)
        case LocalFolder(path) if folder is None:
            names = [folder.rpartition("/")[2] for folder in available]
            hint = did_you_mean(each.name, names, f"write it: a folder with *.tf files at {path}")
            message = f'customization "{each.name}": there is no folder "{path}"'
            yield _finding(each.location, "customization-folder", message, hint)
        case LocalFolder() | GitFolder() if folder is not None and folder.is_empty:
            message = f'customization "{each.name}": the folder "{folder.path}" holds no Terraform'
            yield _finding(each.location, "customization-folder", message, "write *.tf files into it")
        case LocalFolder(path) if path != (other := default_source(each.name, ())) and other in available:
            if path == default_source(each.name, available):
                message = f'customization "{each.name}" may be "{path}" or "{other}"'
                yield _finding(each.location, "customization-name", message, "rename one of the folders")
        case _:
            return


def _unknown(each: Customization, name: str, folder: Folder) -> Finding:
    known = sorted(set(folder.variables) - {ACCOUNT})
    there = f"there are {', '.join(known)}" if known else "it takes none"
    message = f'customization "{each.name}": "{name}" is not a variable of {folder.path}'
    return _at_input(each, name, message, did_you_mean(name, known, f"remove it; {there}"))


def _value(each: Customization, variable: Variable, value: Json) -> Iterator[Finding]:
    if value is None and not variable.nullable and variable.is_required:
        message = (
            f'customization "{each.name}": the input "{variable.name}" is null; {_declared(variable)} takes no null'
        )
        yield _at_input(each, variable.name, message, "write a value")
    for misfit in misfits(variable.type, value):
        subject = ".".join((variable.name, *misfit.path))
        message = f'customization "{each.name}": the input "{subject}" {misfit.message} ({_declared(variable)})'
        yield _at_input(each, variable.name, message, _remedy(misfit, variable), _severity(misfit))


def _remedy(misfit: Misfit, variable: Variable) -> str:
    if misfit.is_dropped:
        return did_you_mean(misfit.path[-1], misfit.known, "remove it; Terraform would drop it without a word")
    return f"its type is {written(variable.type)}"


def _severity(misfit: Misfit) -> Severity:
    return Severity.WARNING if misfit.is_dropped else Severity.ERROR


def _lacks(each: Customization, folder: Folder | None, account: Mapping[str, Json] | None) -> Iterator[_Lack]:
    """Required inputs that nobody gives, and what the folder expects of `account` and the account does not have."""
    if folder is None or not folder.is_readable:
        return
    for variable in _required(folder):
        if variable.name not in each.inputs:
            yield _Lack(
                place=each.location,
                attribute=f"{each.name}.inputs.{variable.name}",
                before=f'customization "{each.name}": the input "{variable.name}" is missing',
                after=f"({_declared(variable)})",
                hint=f"add it to inputs; its type is {written(variable.type)}",
            )
    declared = folder.variables.get(ACCOUNT)
    if declared is None or account is None:
        return
    for misfit in misfits(declared.type, account):
        if not misfit.is_dropped:
            yield _Lack(
                place=each.location,
                attribute=f"{each.name}.{ACCOUNT}",
                before=f'customization "{each.name}": "{".".join((ACCOUNT, *misfit.path))}" {misfit.message}',
                after=f"({_declared(declared)})",
                hint="correct the account request, or the type of the variable",
            )


def _required(folder: Folder) -> Iterator[Variable]:
    for name, variable in folder.variables.items():
        if variable.is_required and name != ACCOUNT and name not in folder.tfvars:
            yield variable


def check_folder(folder: Folder) -> Iterator[Finding]:
    """What is wrong with a folder by itself, whoever uses it."""
    yield from folder.findings
    yield from _defaults(folder)
    for backend in folder.backends:
        if backend.is_rendered and backend.kind == "s3":
            continue  # AFT's own; ours takes its place
        message = (
            f'there is a backend "{backend.kind}" of its own' if backend.kind != "cloud" else "there is a cloud block"
        )
        hint = "remove it; where the state is stands in vending.yaml"
        yield _finding(backend.location, "customization-backend", message, hint)
    for place in folder.overrides:
        message = "the override file may undo the guards of the run, which are an override file, too"
        hint = "move provider and terraform blocks into an ordinary file, and give it a name that sorts before vend"
        yield _finding(place, "customization-override", message, hint)
    yield from _providers(folder)
    for module in folder.unpinned:
        where = f'module "{module.name}": the source "{shown(module.source)}"'
        message = f"{where} is not pinned, so this customization is never skipped"
        hint = "pin an exact version, or ?ref= and a release tag or full commit"
        yield _finding(module.location, "customization-unpinned-module", message, hint, severity=Severity.WARNING)


def _defaults(folder: Folder) -> Iterator[Finding]:
    for variable in folder.variables.values():
        if isinstance(variable.default, Literal) and variable.default.value is None and not variable.nullable:
            message = f'variable "{variable.name}": the default is null, which it does not take'
            yield _finding(variable.location, "terraform-default", message, "remove nullable = false, or the default")
        for misfit in misfits(variable.type, variable.default_value):
            subject = ".".join(("default", *misfit.path))
            message = f'variable "{variable.name}": the {subject} {misfit.message}'
            hint = _remedy(misfit, variable)
            yield _finding(variable.location, "terraform-default", message, hint, severity=_severity(misfit))


def _providers(folder: Folder) -> Iterator[Finding]:
    """Our override reaches every provider of the folder itself, by name and alias, and nothing in its modules."""
    for provider in folder.providers:
        if own := sorted(provider.attributes & _CREDENTIALS):
            message = f'provider "{provider.name}" brings credentials of its own: {", ".join(own)}'
            hint = "remove them; Terraform runs with a session of the account"
            yield _finding(provider.location, "customization-credentials", message, hint)
        if provider.alias is None and "alias" in provider.attributes:
            message = (
                f'the alias of the provider "{provider.name}" is no plain text, so no guard for the account reaches it'
            )
            yield _finding(provider.location, "customization-provider", message, 'write it as text: alias = "name"')
    for module in folder.modules_within:
        for provider in module.providers:
            label = f"{provider.name}.{provider.alias}" if provider.alias else provider.name
            message = f'the module configures the provider "{label}" itself, where no guard for the account reaches it'
            hint = "configure it in the customization, and hand it to the module with providers = {…}"
            yield _finding(provider.location, "customization-provider", message, hint)


def _declared(variable: Variable) -> str:
    return f"{variable.location.file}:{variable.location.line}"


def _at_input(each: Customization, name: str, message: str, hint: str, severity: Severity = Severity.ERROR) -> Finding:
    place = each.origins.get(name, each.location)
    return _finding(
        place, "customization-input", message, hint, attribute=f"{each.name}.inputs.{name}", severity=severity
    )


def _finding(
    place: Location, rule: str, message: str, hint: str, *, attribute: str = "", severity: Severity = Severity.ERROR
) -> Finding:
    return Finding(location=place, rule=rule, message=message, hint=hint, attribute=attribute, severity=severity)
