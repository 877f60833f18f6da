"""What is shipped for browsers, read when this is imported: later a process may have dropped to a user who cannot."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from jinja2 import DictLoader, Environment, StrictUndefined

from wardwire.console.files import make_file, read_files

_PACKAGE = Path(str(files("wardwire")))
_OURS = _PACKAGE / "console" / "templates"

WEBAPP = read_files(_PACKAGE / "webapp")
STYLE = make_file("style.css", (_OURS / "style.css").read_bytes())

_environment = Environment(
    loader=DictLoader({path.name: path.read_text(encoding="utf-8") for path in _OURS.glob("*.html")}),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
TEMPLATES = {name: _environment.get_template(name) for name in _environment.list_templates()}
