"""A page in one file, and the templates that its body is made of.

A page asks nobody for anything: its Content-Security-Policy allows its own style and script, by their hashes, and
nothing else, so that a text that got past the escaping would neither run nor reach another machine.
"""

import re
from base64 import b64encode
from hashlib import sha256
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

_HERE = Path(__file__).parent
# What ends a style or a script, or makes a parser look for its end elsewhere.
_UNSAFE = re.compile(r"</|<!--|\r")


def page(title: str, body: Markup, *, styles: str = "", script: str = "", follows: bool = False) -> str:
    """Return the whole page: `body` is HTML, `styles` come after those that all pages share.

    One that `follows` may ask its own server, and nobody else, whether there is a newer page.

    Raises ValueError for a style or script that cannot stand in a page as it is.
    """
    shared = (_HERE / "page.css").read_text(encoding="utf-8")
    css = f"{shared}{styles}"
    for text in (css, script):
        if _UNSAFE.search(text):
            raise ValueError("a style or a script must not hold '</', '<!--' or a carriage return")
    policy = f"default-src 'none'; style-src '{_hash(css)}'; base-uri 'none'; form-action 'none'"
    if script:
        policy += f"; script-src '{_hash(script)}'"
    if follows:
        policy += "; connect-src 'self'"
    return render(_HERE / "page.html", title=title, body=body, policy=policy, styles=Markup(css), script=Markup(script))


def render(template: Path, **values: object) -> Markup:
    """Return the HTML that a Jinja template makes of `values`: all but Markup is escaped.

    Raises jinja2.UndefinedError for a name that has no value.
    """
    environment = Environment(
        loader=FileSystemLoader(template.parent), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True,
    )  # fmt: skip
    return Markup(environment.get_template(template.name).render(values))


def _hash(text: str) -> str:
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"
