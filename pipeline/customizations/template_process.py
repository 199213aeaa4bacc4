"""What renders one template: a process of its own, which has little time and memory, and nothing of ours.

A script on its own, which imports nothing of ours. Input: JSON, `{"text": …, "values": {NAME: TEXT}, "seconds": …}`. Output:
`{"text": …}`, or `{"line": …, "message": …}`. Jinja2's sandbox keeps a template away from Python; the limits end one that goes on
for ever.
"""

import json
import resource
import sys
import traceback
from contextlib import suppress

from jinja2 import StrictUndefined, TemplateError, TemplateSyntaxError
from jinja2.sandbox import ImmutableSandboxedEnvironment

BYTES = 1 << 30
"""Of memory, the interpreter's own included."""
CHARACTERS = 1_000_000
"""Of a rendered template."""


def main() -> None:
    """Render what stands in the input. Ends by a signal if it takes too long."""
    asked = json.load(sys.stdin)
    for what, most in ((resource.RLIMIT_CPU, asked["seconds"]), (resource.RLIMIT_AS, BYTES)):
        with suppress(ValueError, OSError):  # not every system can limit both
            resource.setrlimit(what, (most, most))
    json.dump(rendered(asked["text"], asked["values"]), sys.stdout)


def rendered(text: str, values: dict[str, str]) -> dict[str, str | int]:
    """The text with its values, or what is wrong with the template and in which line of it."""
    # No loader: a template reaches no other file.
    environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined, keep_trailing_newline=True)
    # The same text each time it is rendered, or each run would be a change.
    del environment.globals["lipsum"], environment.filters["random"]
    try:
        made = environment.from_string(text).render(values)
        made.encode()  # half of a surrogate pair cannot stand in a file
    except TemplateSyntaxError as error:
        return {"line": error.lineno, "message": error.message or "it cannot be read"}
    except MemoryError:
        return {"line": 1, "message": "it takes more memory than a template may"}
    except (
        TemplateError,
        ArithmeticError,
        LookupError,
        TypeError,
        ValueError,
        AttributeError,
        RuntimeError,
    ) as error:
        frames = traceback.extract_tb(error.__traceback__)
        line = next((each.lineno for each in reversed(frames) if each.filename == "<template>"), None)
        return {"line": line or 1, "message": str(error) or type(error).__name__}
    if len(made) > CHARACTERS:
        return {"line": 1, "message": f"it makes more than {CHARACTERS:,} characters"}
    return {"text": made}


if __name__ == "__main__":
    main()
