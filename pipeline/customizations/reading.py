"""Reads folders of Terraform. Files are only read, never run; the same text is parsed once."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from posixpath import normpath
from typing import Final

from pipeline.customizations.blocks import Body, NotReadableError
from pipeline.customizations.executables import read_executables
from pipeline.customizations.folder import (
    Folder,
    Variable,
    backends_of,
    modules_of,
    providers_of,
    required_providers_of,
    required_version_of,
    variables_of,
)
from pipeline.customizations.hcl import read_hcl
from pipeline.customizations.overrides import FILE as OVERRIDE
from pipeline.customizations.sources import GitFolder, LocalFolder, read_source
from pipeline.customizations.templates import SUFFIX, Broken, entering_target, render
from pipeline.customizations.tf_json import read_json, read_values
from pipeline.model.customization import Customization
from pipeline.model.finding import Finding, Location

MAX_BYTES: Final = 1_000_000
_READERS: Final[Mapping[str, Callable[[str], Body]]] = {".tf": read_hcl, ".tf.json": read_json}
_OF_OPENTOFU: Final = (".tofu", ".tofu.json")
_TFVARS: Final[Mapping[str, Callable[[str], Body]]] = {".tfvars": read_hcl, ".tfvars.json": read_values}


def read_folders(
    root: Path,
    selected: Iterable[tuple[Customization, ...]],
    values: Mapping[str, str] | None = None,
    checkouts: Mapping[str, str] | None = None,
) -> dict[str, Folder]:
    """Every folder that a customization names, by source; missing ones are left out.

    `values`: what templates are rendered with, see `templates.template_values`. `checkouts`: where sources in git are, by
    source, relative to `root`.
    """
    sources = {each.source for customizations in selected for each in customizations}
    known = checkouts or {}
    found = {source: read_folder(root, source, values, known.get(source, "")) for source in sorted(sources)}
    return {source: folder for source, folder in found.items() if folder is not None}


def read_folder(root: Path, source: str, values: Mapping[str, str] | None = None, checkout: str = "") -> Folder | None:
    """What the folder `source` of the workspace `root` declares; None if there is no such folder.

    In AFT's layout, where the Terraform is in `terraform/` of the folder, that is what is read. Templates are rendered with
    `values` first, so what they make is read like any other file.
    """
    home = _home(source, checkout)
    if home is None or not _is_folder(root, home, checkout):
        return None
    path = home
    if not any((*_terraform_files(root / path), *_templates(root / path))) and (root / path / "terraform").is_dir():
        path = f"{path}/terraform"
    within, findings = _modules_within(root, _read(root, path, values or {}), checkout)
    folder = within.pop(path)
    executables, not_to_run = read_executables(root, home)
    return replace(
        folder,
        home=home,
        executables=executables,
        is_empty=folder.is_empty and executables.is_empty,
        modules_within=tuple(within.values()),
        findings=(*folder.findings, *findings, *not_to_run),
    )


def _home(source: str, checkout: str) -> str | None:
    """The customization's own folder, relative to the workspace; None where it is not here."""
    match read_source(source):
        case LocalFolder(path):
            return path
        case GitFolder(folder=folder) if checkout:
            return f"{checkout}/{folder}".rstrip("/")
        case _:
            return None


def _modules_within(root: Path, folder: Folder, checkout: str) -> tuple[dict[str, Folder], list[Finding]]:
    """The folder and all local modules that are called from it, by path; and what is wrong with the calls."""
    found, findings = {folder.path: folder}, list[Finding]()
    waiting = [folder]
    while waiting:
        caller = waiting.pop()
        for module in caller.modules:
            path = normpath(f"{caller.path}/{module.source}")
            if not module.is_local or path in found:
                continue
            if (out := not _is_in(path, checkout)) or not _is_folder(root, path, checkout):
                where = "repository" if checkout else "workspace"
                what = f"leads out of the {where}" if out else "is not a folder"
                message = f'module "{module.name}": the source "{module.source}" {what}'
                findings.append(_finding(module.location, "terraform-module", message, "correct the path"))
                continue
            found[path] = _read(root, path)
            findings += found[path].findings
            waiting.append(found[path])
    return found, findings


@dataclass(slots=True)
class _Contents:
    """What was read of one folder so far."""

    bodies: list[tuple[str, Body]] = field(default_factory=list)
    overrides: list[tuple[str, Body]] = field(default_factory=list)
    tfvars: set[str] = field(default_factory=set)
    rendered: list[tuple[str, str]] = field(default_factory=list)
    entering: set[tuple[str, str | None]] = field(default_factory=set)
    findings: list[Finding] = field(default_factory=list)


def _read(root: Path, path: str, values: Mapping[str, str] | None = None) -> Folder:
    """`values`: None for a module, whose templates nobody renders."""
    contents = _Contents()
    contents.findings += _of_opentofu_alone(root, path)
    for file in _terraform_files(root / path):
        body = _body(root, f"{path}/{file.name}", _reader(file.name, _READERS), contents)
        (contents.overrides if _is_override(file.name) else contents.bodies).append((f"{path}/{file.name}", body))
    for file in _files(root / path, _TFVARS):
        if file.name.startswith("terraform.tfvars") or ".auto.tfvars" in file.name:
            body = _body(root, f"{path}/{file.name}", _reader(file.name, _TFVARS), contents)
            contents.tfvars |= set(body.attributes)
    templates = () if values is None else _templates(root / path)
    for file in templates:
        _render(root, f"{path}/{file.name}", values or {}, contents)
    is_empty = not (contents.bodies or contents.overrides or templates)
    return replace(_folder(path, contents), is_empty=is_empty)


def _of_opentofu_alone(root: Path, path: str) -> Iterator[Finding]:
    """Files that would take the place of those that are read here, our own override among them.

    https://opentofu.org/docs/language/files/#file-extension-precedence
    """
    for file in sorted((root / path).iterdir()):
        if file.name.endswith(_OF_OPENTOFU):
            message = "OpenTofu alone reads this file, and in place of the .tf file of its name"
            name = file.name.replace(".tofu", ".tf")
            yield _finding(Location(f"{path}/{file.name}"), "terraform-tofu", message, f"name it {name}")


def _render(root: Path, file: str, values: Mapping[str, str], contents: _Contents) -> None:
    """Render one template, and read what it makes. Lines are those of the template as far as it keeps them."""
    made = list[str]()

    def read(template: str) -> Body:
        text = render(template, values)
        if isinstance(text, Broken):
            raise NotReadableError(f"the template cannot be rendered: {text.message}", line=text.line)
        made.append(text)
        try:
            return read_hcl(text)
        except NotReadableError as error:
            line = min(error.line, template.count("\n") + 1)
            raise NotReadableError(f"what the template makes cannot be read: {error}", line=line) from None

    body = _body(root, file, read, contents)
    name = _rendered_name(root / file, dict(contents.rendered))
    contents.rendered += [(name, text) for text in made]
    contents.entering.update(each for text in made for each in entering_target(body, text, values))
    (contents.overrides if _is_override(name) else contents.bodies).append((file, body))


def _rendered_name(template: Path, taken: Collection[str]) -> str:
    """As AFT names it; it appends to a file that is there already, and for us that is another file."""
    name = template.name.removesuffix(SUFFIX)
    while f"{name}.tf" in taken or template.with_name(f"{name}.tf").exists():
        name += SUFFIX
    return f"{name}.tf"


def _folder(path: str, contents: _Contents) -> Folder:
    bodies = contents.bodies
    variables = _variables(contents)
    return Folder(
        path=path,
        variables=variables,
        providers=tuple(each for file, body in bodies for each in providers_of(file, body)),
        backends=tuple(
            replace(each, is_rendered=file.endswith(SUFFIX))
            for file, body in bodies
            for each in backends_of(file, body)
        ),
        modules=tuple(each for file, body in bodies for each in modules_of(file, body)),
        required_providers=dict(each for file, body in bodies for each in required_providers_of(file, body)),
        required_version=next((text for _, body in bodies if (text := required_version_of(body))), None),
        tfvars=frozenset(contents.tfvars),
        overrides=tuple(_overriding(contents.overrides)),
        rendered=tuple(contents.rendered),
        entering=tuple(sorted(contents.entering, key=lambda each: (each[0], each[1] or ""))),
        findings=tuple(contents.findings),
    )


def _variables(contents: _Contents) -> dict[str, Variable]:
    """By name, in the order of files and lines. Override files change single attributes of what is declared elsewhere."""
    found: dict[str, Variable] = {}
    for file, body in contents.bodies:
        for each in variables_of(file, body):
            if each.name in found:
                message = f'variable "{each.name}" is already declared at {found[each.name].location}'
                contents.findings.append(_finding(each.location, "terraform-variable", message, "keep one of the two"))
            found.setdefault(each.name, each)
    for file, body in contents.overrides:
        for each in variables_of(file, body):
            declared = found.get(each.name, each)
            found[each.name] = replace(declared, default=declared.default if each.default is None else each.default)
    return found


def _overriding(overrides: list[tuple[str, Body]]) -> Iterator[Location]:
    """What may undo our override file: guarded blocks, and files that Terraform reads after it."""
    for file, body in overrides:
        if file.rpartition("/")[2] >= OVERRIDE:
            yield Location(file)
        else:
            yield from (Location(file, block.line) for block in body.blocks if block.kind in {"provider", "terraform"})


def _body(root: Path, file: str, reader: Callable[[str], Body], contents: _Contents) -> Body:
    """The file's content; what is wrong with it becomes a finding, and the rest is read on."""
    try:
        return reader(_text(root / file))
    except NotReadableError as error:
        place, what = Location(file, error.line, error.column), str(error)
    except UnicodeDecodeError:
        place, what = Location(file), "the file is not UTF-8"
    except OSError as error:
        place, what = Location(file), f"the file cannot be read: {error.strerror or type(error).__name__}"
    is_template = file.endswith(SUFFIX)
    hint = "correct it; its variables are those of AFT" if is_template else "correct it; `terraform validate` says more"
    contents.findings.append(_finding(place, "terraform-syntax", what, hint))
    return Body()


def _text(path: Path) -> str:
    if not path.resolve().is_relative_to(path.parent.resolve()):
        raise NotReadableError("the file is a symbolic link that leads out of its folder")
    with path.open("rb") as stream:
        data = stream.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise NotReadableError("the file is larger than 1 MB")
    return data.decode("utf-8").removeprefix("\ufeff")


def _is_folder(root: Path, path: str, checkout: str = "") -> bool:
    """Whether there is that folder in the workspace, or the checkout, and not behind a link that leads out of it."""
    folder = (root / path).resolve()
    return folder.is_dir() and folder.is_relative_to((root / checkout).resolve())


def _is_in(path: str, checkout: str) -> bool:
    return f"{path}/".startswith(f"{checkout}/") if checkout else not path.startswith("..")


def _templates(folder: Path) -> tuple[Path, ...]:
    """AFT's `*.jinja`: hidden files are not among them."""
    found = (path for path in sorted(folder.glob(f"*{SUFFIX}")) if path.is_file())
    return tuple(path for path in found if not path.name.startswith("."))


def _terraform_files(folder: Path) -> tuple[Path, ...]:
    return _files(folder, _READERS)


def _files(folder: Path, readers: Mapping[str, Callable[[str], Body]]) -> tuple[Path, ...]:
    """Files that these readers are for. Terraform passes over hidden ones."""
    return tuple(
        path
        for path in sorted(folder.iterdir())
        if path.name.endswith(tuple(readers)) and not path.name.startswith(".") and path.is_file()
    )


def _reader(name: str, readers: Mapping[str, Callable[[str], Body]]) -> Callable[[str], Body]:
    return readers[max((suffix for suffix in readers if name.endswith(suffix)), key=len)]


def _is_override(name: str) -> bool:
    stem = name.removesuffix(".json").removesuffix(".tf")
    return stem == "override" or stem.endswith("_override")


def _finding(place: Location, rule: str, message: str, hint: str) -> Finding:
    return Finding(location=place, rule=rule, message=message, hint=hint)
