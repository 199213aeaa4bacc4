"""What the pages say holds: commands parse, links lead somewhere, YAML fits its schema, and no way of ending is left out."""

import ast
import json
import re
import shlex
from collections.abc import Iterator
from functools import cache
from importlib import resources
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft7Validator, Draft202012Validator
from markdown_it import MarkdownIt
from markdown_it.token import Token

from pipeline.cli.arguments import build_parser
from pipeline.errors import ExitCode
from pipeline.model.outcome import Status

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "SECURITY.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md"]
PAGES += [*sorted((ROOT / "docs").glob("*.md")), ROOT / "terraform" / "bootstrap" / "README.md"]
IMAGES = ROOT / "docs" / "images"
COMMAND = re.compile(r"(?:^|[\s(\"`])vend (?P<rest>.*)")
ENDS = {"|", "||", "&&", ";", ";;", ">", ">>", "<", ")", "&"}
LACKING = re.compile(r"error: (argument \S+ expected one argument|the following arguments are required)")
PICTURES = ("plan-comment", "result-comment", "drift-issue")

by_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


@cache
def tokens(page: Path) -> tuple[Token, ...]:
    """Everything of the page, what is inside of paragraphs, too."""
    made = MarkdownIt("commonmark").enable("table").parse(page.read_text())
    return tuple(each for token in made for each in (token, *(token.children or ())))


def commands(page: Path) -> Iterator[tuple[str, bool]]:
    """What follows `vend` in code, and whether it is the name of a command in a sentence, which may lack a value."""
    for token in tokens(page):
        lines = [token.content] if token.type == "code_inline" else []
        if token.type in {"fence", "code_block"}:
            lines = token.content.replace("\\\n", " ").splitlines()
        for line in lines:
            if (found := COMMAND.search(line)) is not None and (token.type != "code_inline" or found.start() == 0):
                yield found["rest"], token.type == "code_inline"


def arguments(command: str) -> list[str]:
    """The arguments of a command: of alternatives (`a|b`) the first, 1 for what stands for a value (`KEY`), no shell words."""
    words = shlex.shlex(
        re.sub(r"\$\?|[\[\]]|\.\.\.", " ", command.partition("`")[0]), posix=True, punctuation_chars="();<>&"
    )
    words.whitespace_split = True
    found: list[str] = []
    for word in words:
        if word in ENDS:
            break
        first = re.sub(r"^([A-Za-z0-9=:-]+)\|.*", r"\1", word).rstrip(",")
        found.append("1" if re.fullmatch(r"[A-Z]+", first) else first)
    return found


@by_page
def test_every_command_can_be_typed_as_it_stands(page: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for command, is_name in commands(page):
        typed = arguments(command)
        if not typed or re.fullmatch(r"[a-z][a-z-]+", typed[0]) is None:
            continue  # "vend <run>", "vend:plan": no verb
        try:
            build_parser().parse_args(typed)
        except SystemExit as end:
            said = capsys.readouterr().err
            assert end.code == 0 or (is_name and LACKING.search(said)), f"vend {command}\n{said}"  # noqa: PT017 - argparse exits


@by_page
def test_every_link_leads_to_a_file_and_a_heading_that_are_there(page: Path) -> None:
    wrong = []
    for token in tokens(page):
        target = str(token.attrs.get("href") or token.attrs.get("src") or "")
        if not target or re.match(r"[a-z]+:", target):
            continue
        name, _, heading = target.partition("#")
        path = (page.parent / name).resolve() if name else page
        if not path.exists() or (heading and heading not in headings(path)):
            wrong.append(target)
    assert not wrong


@cache
def headings(page: Path) -> frozenset[str]:
    """The anchors of a page, as GitHub and GitLab make them."""
    lines = [line.lstrip("# ") for line in page.read_text().splitlines() if re.match(r"#{1,6} ", line)]
    return frozenset(re.sub(r"[^\w -]", "", line.lower()).replace(" ", "-") for line in lines)


def test_the_readme_leads_to_every_page() -> None:
    linked = {str(token.attrs.get("href")) for token in tokens(ROOT / "README.md")}
    assert {f"docs/{page.name}" for page in (ROOT / "docs").glob("*.md")} <= linked


@by_page
def test_every_target_of_make_that_a_page_names_is_there(page: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    code = [token.content for token in tokens(page) if token.type in {"fence", "code_block", "code_inline"}]
    named = {name for text in code for name in re.findall(r"^(?:\s*|.*[;&$`] )make ([a-z]+)", text, re.MULTILINE)}
    assert named <= targets


def fences(page: Path) -> list[str]:
    return [token.content for token in tokens(page) if token.type == "fence" and token.info.strip() == "yaml"]


@by_page
def test_what_is_shown_as_a_file_fits_its_schema(page: Path) -> None:
    """A file by the schema that its first line names; a part of the settings together with what they need."""
    settings = json.loads((ROOT / "schemas" / "settings.schema.json").read_text())
    organization = {"management_account": "111122223333", "home_region": "eu-west-1"}
    for text in fences(page):
        shown = yaml.safe_load(text)
        named = re.match(r"# yaml-language-server: \$schema=\S*?([a-z-]+\.schema\.json)", text)
        if named is not None:
            schema = json.loads((ROOT / "schemas" / named[1]).read_text())
        elif isinstance(shown, dict) and shown.keys() <= settings["properties"].keys() - {"tags"}:
            schema, shown = settings, {"organization": organization, **shown}
        else:
            continue
        errors = [f"{each.json_path}: {each.message}" for each in Draft202012Validator(schema).iter_errors(shown)]
        assert not errors, f"{text}\n{errors}"


@pytest.mark.parametrize("place", [0, 1], ids=["bitbucket-pipelines", "azure-pipelines"])
def test_the_recipes_for_other_ci_systems_fit_what_these_publish(place: int) -> None:
    name = ("bitbucket-pipelines", "azure-pipelines")[place]
    folder = resources.files("check_jsonschema") / "builtin_schemas" / "vendor"
    recipe = yaml.safe_load(fences(ROOT / "docs" / "other-ci.md")[place])
    errors = list(Draft7Validator(json.loads((folder / f"{name}.json").read_text())).iter_errors(recipe))
    assert not errors


def test_the_buildspecs_have_the_parts_that_codebuild_knows() -> None:
    """https://docs.aws.amazon.com/codebuild/latest/userguide/build-spec-ref.html."""
    for text in fences(ROOT / "docs" / "other-ci.md")[2:]:
        spec = yaml.safe_load(text)
        assert spec["version"] == 0.2
        assert spec.keys() <= {"version", "env", "phases", "reports", "artifacts", "cache"}
        assert spec["phases"].keys() <= {"install", "pre_build", "build", "post_build"}
        for phase in spec["phases"].values():
            assert all(isinstance(command, str) for command in phase["commands"])
        assert all(report["file-format"] == "JUNITXML" for report in spec.get("reports", {}).values())


def guards() -> frozenset[str]:
    """The names of all reasons to hold a change, as the planning room writes them down."""
    found: set[str] = set()
    for path in (ROOT / "pipeline" / "planning").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            found |= set(_named(node))
    return frozenset(found)


def _named(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.keyword(arg="guard", value=ast.Constant(value=str(name))):
            yield name
        case ast.AnnAssign(target=ast.Name(id=place), value=ast.Constant(value=str(name))) if place.endswith("GUARD"):
            yield name
        case ast.AnnAssign(target=ast.Name(id="NOT_REVIEWED"), value=ast.Constant(value=str(name))):
            yield name
        case ast.Call(func=ast.Name(id="_closing_objection"), args=[_, ast.Constant(value=str(name)), *_]):
            yield name
        case _:
            return


def rows(page: str, under: str) -> set[str]:
    """The first cells, without marks, of the tables below a heading."""
    text = (ROOT / "docs" / page).read_text()
    _, _, below = text.partition(f"## {under}\n")
    section = re.split(r"^## ", below, maxsplit=1, flags=re.MULTILINE)[0]
    return {cell for line in section.splitlines() if line.startswith("| ") for cell in _cells(line)}


def _cells(line: str) -> list[str]:
    return [each.strip("` ") for each in line.split("|")[1].split(",")]


def test_the_operating_page_tells_the_way_out_of_every_hold() -> None:
    told = rows("operating.md", "Every hold")
    assert not guards() - told, "holds that docs/operating.md does not tell of, under “Every hold”"
    assert not told - guards() - {"guard", "---"}, "holds that the code does not have (any more)"


def test_the_operating_page_tells_every_outcome_and_every_exit_code() -> None:
    assert {each.value for each in Status} <= rows("operating.md", "Every outcome")
    assert {str(int(each)) for each in ExitCode} <= rows("operating.md", "Exit codes")


@pytest.mark.parametrize("name", PICTURES)
def test_each_picture_is_a_small_one_beside_the_text_that_it_was_made_from(name: str) -> None:
    data = (IMAGES / f"{name}.png").read_bytes()
    assert data.startswith(b"\x89PNG\r\n")
    assert len(data) < 200_000
    assert (IMAGES / f"{name}.md").read_text().startswith("### vend ")
