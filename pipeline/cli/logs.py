"""Logging for people (`--verbose`) and for machines (`--log-format json`).

Of others' loggers only the warnings, which Python would write anyway: what SDKs tell in detail holds secrets.
"""

import logging
import sys
import time
from types import TracebackType


def set_up(*, verbose: bool, form: str) -> None:
    handler = logging.StreamHandler(sys.stderr)
    formatter = _formatter(form)
    formatter.converter = time.gmtime
    formatter.default_time_format, formatter.default_msec_format = "%Y-%m-%dT%H:%M:%S", "%s.%03dZ"
    handler.setFormatter(formatter)
    logger = logging.getLogger("pipeline")
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG if verbose else logging.INFO)
    logger.propagate = False
    logging.getLogger().addHandler(handler)
    logging.captureWarnings(capture=True)
    if form != "text":
        sys.excepthook = _log_defect


def _log_defect(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    logging.getLogger("pipeline").critical("unexpected: %s", error, exc_info=(kind, error, trace))


def _formatter(form: str) -> logging.Formatter:
    if form == "text":
        return logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s")
    from pythonjsonlogger.core import RESERVED_ATTRS
    from pythonjsonlogger.json import JsonFormatter

    return JsonFormatter(
        "%(asctime)s %(levelname)s %(name)s %(message)s",
        reserved_attrs=[*RESERVED_ATTRS, "temporal_log"],
        rename_fields={"asctime": "at", "levelname": "level", "name": "logger"},
    )
