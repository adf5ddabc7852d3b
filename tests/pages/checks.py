"""What every page of ours must be: one file that asks nobody for anything, and runs nothing but its own script."""

import re
from base64 import b64encode
from hashlib import sha256
from html.parser import HTMLParser


class Reading(HTMLParser):
    """A page as a browser reads it: its tags with their attributes, its styles and scripts, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.styles: list[str] = []
        self.scripts: list[str] = []
        self.data: list[str] = []
        self.words: list[str] = []
        self._inside = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        # What is no script to a browser is data: it is not run, and no policy speaks of it.
        self._inside = "data" if (dict(attrs).get("type") or "").startswith("application/") else tag

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        kinds = {"style": self.styles, "script": self.scripts, "data": self.data}
        kinds.get(self._inside, self.words).append(data)

    @property
    def policy(self) -> dict[str, str]:
        """The Content-Security-Policy, by directive."""
        (content,) = (
            attributes["content"]
            for tag, attributes in self.tags
            if tag == "meta" and attributes.get("http-equiv") == "Content-Security-Policy"
        )
        return {name: values for name, _, values in (each.strip().partition(" ") for each in content.split(";"))}


def assert_self_contained(text: str) -> Reading:
    """Assert that a page asks nobody for anything and runs nothing but what its policy names; return its reading."""
    reading = Reading(text)
    policy = reading.policy
    assert policy["default-src"] == "'none'"
    assert policy["style-src"] == _hashes(reading.styles)
    assert policy.get("script-src", "") == _hashes(reading.scripts)
    assert policy["base-uri"] == policy["form-action"] == "'none'"
    assert "unsafe" not in str(policy)
    for tag, attributes in reading.tags:
        assert tag not in ("link", "iframe", "object", "embed", "base", "form", "img", "image"), tag
        assert not {"src", "srcset", "style", "background", "xlink:href"} & attributes.keys(), (tag, attributes)
        assert not [name for name in attributes if name.startswith("on")], (tag, attributes)
        assert "href" not in attributes or tag == "a" or attributes["href"].startswith("#"), (tag, attributes)
        assert not attributes.get("href", "").lower().startswith(("javascript:", "data:")), attributes
    for style in reading.styles:
        assert not re.search(r"url\(|@import|@font-face", style)
    return reading


def _hashes(texts: list[str]) -> str:
    return " ".join(f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'" for text in texts)
