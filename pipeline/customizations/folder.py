"""What a folder of Terraform declares, with file and line: variables, providers, backends, modules."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from pipeline.customizations.blocks import Attribute, Block, Body, Expression, Literal
from pipeline.customizations.executables import Executables
from pipeline.customizations.sources import is_local_module, is_pinned_module
from pipeline.customizations.types import Type, type_of
from pipeline.model.finding import Finding, Location
from pipeline.model.json import Json

AWS: Final = "hashicorp/aws"


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """`default` is the expression of its default value, or None where it has none."""

    name: str
    location: Location
    type: Type
    description: str = ""
    default: Expression | None = None
    nullable: bool = True
    sensitive: bool = False

    @property
    def is_required(self) -> bool:
        return self.default is None

    @property
    def default_value(self) -> Json:
        """The default as a value; None if there is none, and if only Terraform can evaluate it."""
        return self.default.value if isinstance(self.default, Literal) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """A `provider` block; `attributes` are the names of what it sets, those of nested blocks too."""

    name: str
    location: Location
    alias: str | None = None
    attributes: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """A `module` block; `source` is empty where it is not literal text."""

    name: str
    location: Location
    source: str
    version: str | None = None

    @property
    def is_pinned(self) -> bool:
        """Whether it is the same at every `init`."""
        return is_pinned_module(self.source, self.version)

    @property
    def is_local(self) -> bool:
        return is_local_module(self.source)


@dataclass(frozen=True, slots=True, kw_only=True)
class RequiredProvider:
    location: Location
    source: str | None = None
    version: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Backend:
    """A `backend` or `cloud` block; `kind` is s3, local, …, or cloud. `is_rendered`: a template brings it, as AFT's do."""

    kind: str
    location: Location
    is_rendered: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """One folder, and the local modules that it calls.

    `path`: where the Terraform is, relative to the workspace (in AFT's layout `FOLDER/terraform`); `home`: the customization's
    own folder. `tfvars`: names of the variables that the folder's own `terraform.tfvars` and `*.auto.tfvars` set. `overrides`:
    provider and terraform blocks in override files, and override files that come after ours. `rendered`: names and texts of the
    files that its templates (`*.jinja`) become. `entering`: name and alias of providers that would assume the role that
    Terraform has already. `is_empty`: there is nothing to run. `modules_within`: the local modules, those that they call
    themselves too, each once. `findings`: what cannot be read.
    """

    path: str
    home: str = ""
    variables: Mapping[str, Variable] = field(default_factory=dict)
    providers: tuple[Provider, ...] = ()
    backends: tuple[Backend, ...] = ()
    modules: tuple[Module, ...] = ()
    required_providers: Mapping[str, RequiredProvider] = field(default_factory=dict)
    required_version: str | None = None
    tfvars: frozenset[str] = frozenset()
    overrides: tuple[Location, ...] = ()
    rendered: tuple[tuple[str, str], ...] = ()
    entering: tuple[tuple[str, str | None], ...] = ()
    executables: Executables = field(default_factory=Executables)
    is_empty: bool = False
    modules_within: tuple["Folder", ...] = ()
    findings: tuple[Finding, ...] = ()

    @property
    def is_readable(self) -> bool:
        """Whether everything that it declares is known here."""
        return not self.findings

    @property
    def aws_providers(self) -> tuple[tuple[str, str | None], ...]:
        """Local name and alias of every AWS provider that is configured here; the default ones always, sorted."""
        names = {name for name, each in self.required_providers.items() if _is_aws(each.source)}
        if "aws" not in self.required_providers or self.required_providers["aws"].source is None:
            names.add("aws")
        found = {(name, None) for name in names} | {
            (each.name, each.alias) for each in self.providers if each.name in names
        }
        return tuple(sorted(found, key=lambda each: (each[0], each[1] or "")))

    @property
    def local_modules(self) -> tuple[str, ...]:
        """Paths of the local modules, relative to the workspace, sorted."""
        return tuple(sorted(each.path for each in self.modules_within))

    @property
    def unpinned(self) -> tuple[Module, ...]:
        """Modules that may be different at the next `init`: what calls them is never skipped."""
        everywhere = (self, *self.modules_within)
        return tuple(module for folder in everywhere for module in folder.modules if not module.is_pinned)


def _is_aws(source: str | None) -> bool:
    return source is not None and source.removeprefix("registry.terraform.io/").casefold() == AWS


def variables_of(file: str, body: Body) -> Iterator[Variable]:
    for block in body.of("variable"):
        given = block.body.attributes
        yield Variable(
            name=_label(block),
            location=Location(file, block.line),
            type=type_of(given["type"].value) if "type" in given else type_of(None),
            description=block.body.text("description") or "",
            default=given["default"].value if "default" in given else None,
            nullable=not ("nullable" in given and given["nullable"].is_false),
            sensitive="sensitive" in given and given["sensitive"].is_true,
        )


def providers_of(file: str, body: Body) -> Iterator[Provider]:
    for block in body.of("provider"):
        names = frozenset({*block.body.attributes, *(each.kind for each in block.body.blocks)})
        place = Location(file, block.line)
        yield Provider(name=_label(block), location=place, alias=block.body.text("alias"), attributes=names)


def backends_of(file: str, body: Body) -> Iterator[Backend]:
    for terraform in body.of("terraform"):
        for block in terraform.body.blocks:
            if block.kind in {"backend", "cloud"}:
                kind = _label(block) if block.kind == "backend" else "cloud"
                yield Backend(kind=kind, location=Location(file, block.line))


def modules_of(file: str, body: Body) -> Iterator[Module]:
    for block in body.of("module"):
        yield Module(
            name=_label(block),
            location=Location(file, block.line),
            source=block.body.text("source") or "",
            version=block.body.text("version"),
        )


def required_providers_of(file: str, body: Body) -> Iterator[tuple[str, RequiredProvider]]:
    for terraform in body.of("terraform"):
        for block in terraform.body.of("required_providers"):
            for name, attribute in block.body.attributes.items():
                yield name, _required(Location(file, attribute.line), attribute)


def _required(place: Location, attribute: Attribute) -> RequiredProvider:
    """`{source = …, version = …}`; before Terraform 0.13 the version alone. The rest of it may be an expression."""
    if attribute.text is not None:
        return RequiredProvider(location=place, version=attribute.text)
    known = texts(attribute.value)
    return RequiredProvider(location=place, source=known.get("source"), version=known.get("version"))


def texts(expression: Expression) -> dict[str, str]:
    """The entries of a mapping that are literal text."""
    if isinstance(expression, Literal):
        value = expression.value
        return {key: each for key, each in value.items() if isinstance(each, str)} if isinstance(value, Mapping) else {}
    entries = getattr(expression, "entries", ())
    return {key: each.value for key, each in entries if isinstance(each, Literal) and isinstance(each.value, str)}


def required_version_of(body: Body) -> str | None:
    return next((text for block in body.of("terraform") if (text := block.body.text("required_version"))), None)


def _label(block: Block) -> str:
    return block.labels[0] if block.labels else ""
