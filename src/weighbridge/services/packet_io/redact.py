"""Takes out what a packet must not hold: folders of this machine, its names, and credentials."""

from __future__ import annotations

import getpass
import json
import os
import platform
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from weighbridge.domain.problems import Refused
from weighbridge.domain.proof.events import Completed, Connected, Event, Failed, Token
from weighbridge.domain.serving.spec import SAFE

TOKENS = re.compile(
    r"\bhf_[A-Za-z0-9]{16,}|\bsk-[A-Za-z0-9_-]{20,}|\bgh[pousr]_[A-Za-z0-9]{20,}"
    r"|(?<=Bearer )[A-Za-z0-9._~+/-]{16,}=*|(?<=://)[^\s/@:\"'`]+:[^\s/@\"'`]+(?=@)"
)
"""Credentials by their shape: Hub, API and repository tokens, bearer tokens, passwords in addresses."""
_SIGNS = (("hf_", 0), ("sk-", 0), *((f"gh{kind}_", 0) for kind in "pousr"), ("Bearer ", 7), ("://", 3))
"""A text that every credential has, and where from it on the credential begins: plain text is found far faster."""
_NEVER = re.compile(r"(?!)")
_LOCAL_PATH = re.compile(r"(?<![\w.:/\\\]-])(?:[A-Za-z]:[\\/]|/)(?:[\w.@+~ -]*[\w.@+~-][\\/])+(?=[\w.@+~-])")
"""The folder part of an absolute path, as an engine's log writes it."""
_COMMON_NAMES = {"root", "user", "admin", "administrator", "ubuntu", "localhost", "runner", "home", "host", "test"}
"""User and host names that say nothing about anybody and stand in ordinary text."""
_HOST = re.compile(r"(?i)(?=.{6})[\w-]+(\.[\w-]+)*\.[a-z]{2,}|(?=.*\d)(?=.*-)[\w-]{10,}|[0-9a-f]{12}")
"""Host names that are no words of ordinary text: with a domain, with a number, or a container's."""
_ABSOLUTE = re.compile(r"[A-Za-z]:[\\/]|[\\/]")
NAME, CREDENTIAL, FOLDER = "[name]", "[credential]", "[folder]"
RULE_OF_THIS_MACHINE = (
    "Taken out of every record: folders of this machine, its host name where that is no ordinary word, and what has "
    "the shape of a credential. Taken out of the engine's logs too: all other folders, and the names of user and host. "
    "Never changed: what is asked and answered otherwise, the fixed cases, and the model card, which is carried whole "
    "or not at all. Texts of private documents are not blacked out."
)
"""What is taken out, for a person, as earlier versions had it."""
RULE = f"{RULE_OF_THIS_MACHINE} Taken out everywhere: the folder in the name by which a server knows a model."
"""What is taken out, for a person."""
_SHORT, _MOST_PLAIN = 40, 20_000
_SHORTEST_NAME = 3
_SHORTEST_SECRET = 8
_SECRETS = ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "WEIGHBRIDGE_API_KEY")
"""Variables of the environment that hold a credential."""


class Redactor:
    """Knows the folders of this machine. `folders`: path -> what stands in its place, for example `[home]`.

    `secrets`: credentials of this machine, letter by letter, whatever their shape.
    """

    def __init__(self, folders: Mapping[str, str], secrets: Iterable[str] = ()) -> None:
        self._secrets = tuple(secret for secret in secrets if len(secret) >= _SHORTEST_SECRET)
        self._places = {form: label for path, label in folders.items() for form in _forms(path)}
        longest_first = sorted(self._places, key=len, reverse=True)
        self._folders = re.compile("|".join(map(_pattern, longest_first)) or r"(?!)")
        self.used: set[str] = set()
        """Labels that stand for something."""
        self._plain: set[str] = set()
        """Short texts in which nothing was found: names of events and single words come thousands of times."""
        own = [form for form in longest_first if form.count("/") + form.count("\\") > 1]
        self._own_folders = re.compile("|".join(map(_pattern, own)) or r"(?!)")
        names = _own_names()
        self._names = _words(names)
        hosts = [name for name in names if name in _hosts() and _HOST.fullmatch(name)]
        self._hosts = _words(hosts)
        self._signs = (*self._places, *hosts, *self._secrets, *(sign for sign, _ in _SIGNS))

    def suspects(self, json: str) -> bool:
        """Whether anything of some data could have to be taken out, judged by its JSON. Never False by mistake."""
        return any(sign in json for sign in self._signs)

    def text(self, text: str) -> str:
        """Text without this machine's folders and telling host name, and without credentials."""
        if text in self._plain:
            return text
        found = self._redacted(text)
        if found == text and len(text) <= _SHORT and len(self._plain) < _MOST_PLAIN:
            self._plain.add(text)
        return found

    def _redacted(self, text: str) -> str:
        if self._names_folder(text):
            text = self._folders.sub(lambda found: self._label(self._places[found[0]]), text)
        if self._hosts is not _NEVER:
            text = self._hosts.sub(lambda _: self._label(NAME), text)
        for secret in self._secrets:
            if secret in text:
                text = text.replace(secret, self._label(CREDENTIAL))
        return TOKENS.sub(lambda _: self._label(CREDENTIAL), text) if holds_credential(text) else text

    def _names_folder(self, text: str) -> bool:
        return any(form in text for form in self._places) and self._folders.search(text) is not None

    def _label(self, label: str) -> str:
        self.used.add(label)
        return label

    def log(self, text: str) -> str:
        """A program's own log: also without any other folder, and without user and host name."""
        text = _LOCAL_PATH.sub(lambda _: f"{self._label(FOLDER)}/", self.text(text))
        return self._names.sub(lambda _: self._label(NAME), text)

    def events(self, events: Iterable[Event]) -> list[Event]:
        """Events whose answers hold nothing private, not even spread over several tokens."""
        found = [self._told(event) for event in events]
        private = {
            (at, event.request): self.text(event.output)
            for at, event in enumerate(found)
            if isinstance(event, Completed) and self.text(event.output) != event.output
        }
        for (end, request), output in private.items():
            _rewrite(found, end, request, output)
        return found

    def _told(self, event: Event) -> Event:
        """The last line of a log is redacted as the log is, and so are the facts of a server: they name its folders."""
        if isinstance(event, Connected):
            return event.model_copy(update={"facts": {name: self.log(text) for name, text in event.facts.items()}})
        if not isinstance(event, Failed) or not event.last_log:
            return event
        return event.model_copy(update={"last_log": self.log(event.last_log)})

    def value(self, value: Any) -> Any:
        """Plain data (as JSON holds it) with every text in it redacted."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list):
            return [self.value(v) for v in value]
        if isinstance(value, dict):
            return {key: self.value(v) for key, v in value.items()}
        return value

    def telling(self, text: str) -> str:
        """What a public text tells of this machine; empty where nothing. `/root` and its like tell of nobody."""
        if any(secret in text for secret in self._secrets):
            return "a credential of this machine"
        if self._hosts.search(text):
            return "the name of this machine"
        return "a folder of this machine" if self._own_folders.search(text) else ""

    def check(self, files: Mapping[str, bytes]) -> None:
        """Refused, with the file's name, where a folder or a credential is still there."""
        for name, data in files.items():
            text = data.decode("utf-8")
            named = self._hosts is not _NEVER and self._hosts.search(text)
            secret = any(secret in text for secret in self._secrets)
            if named or secret or self._names_folder(text) or holds_credential(text):
                raise Refused(
                    f"The packet would hold a folder or the name of this machine or a credential in {name}; "
                    "it was not written.",
                    "Take it out of the text where it was typed, and save again.",
                )


def holds_credential(text: str) -> bool:
    """The same as whether `TOKENS` is found in it; texts of many megabytes have none of the signs, or few."""
    for sign, offset in _SIGNS:
        at = text.find(sign)
        while at >= 0:
            if TOKENS.match(text, at + offset):
                return True
            at = text.find(sign, at + 1)
    return False


def _rewrite(events: list[Event], end: int, request: str, output: str) -> None:
    """Puts an answer in place of the one completed at `end`; its times stay, its text moves to the first token."""
    done = events[end]
    assert isinstance(done, Completed)
    events[end] = done.model_copy(update={"output": output})
    tokens = [i for i in range(end) if isinstance(e := events[i], Token) and e.request == request]
    start = max((i for i in tokens if getattr(events[i], "index", 0) == 0), default=end)
    text = output
    for at in (i for i in tokens if i >= start):
        token = events[at]
        assert isinstance(token, Token)
        if token.text:
            events[at] = token.model_copy(update={"text": text})
            text = ""


def this_machine(folders: Sequence[tuple[str, str]], models: Iterable[str] = ()) -> Redactor:
    """A redactor for this machine's home folder and for further `folders` (path, label).

    `models`: names by which servers know their models. Where one is a path, its folder is a person's as well. Each such
    folder has a label of its own: two models of one file name stay two.
    """
    known = {str(Path.home()): "[home]"}
    for path, label in folders:
        if len(Path(path).parts) > 2:
            known.setdefault(path, label)
    secrets = [os.environ.get(name, "") for name in _SECRETS]
    own = Redactor(known, secrets)
    theirs: dict[str, str] = {}
    for forms in dict.fromkeys(_folder_forms(own.text(name)) for name in models):
        label = FOLDER if not theirs else f"[folder {len(set(theirs.values())) + 1}]"
        theirs |= dict.fromkeys(forms, label)
    return Redactor(theirs | known, secrets) if theirs else own


def _folder_forms(name: str) -> frozenset[str]:
    """The folder of a model's name that is an absolute path, as it stands and as an address has it; else nothing."""
    path = name.removeprefix("file://")
    folder = path[: max(path.rfind("/"), path.rfind("\\"))] if _ABSOLUTE.match(path) else ""
    return frozenset({folder, quote(folder, safe=SAFE)} if folder.strip("/\\") else ())


def _forms(path: str) -> set[str]:
    """The spellings of a folder: as given, resolved, with slashes, and as JSON writes each."""
    spelt = {path.rstrip("/\\"), os.path.realpath(path).rstrip("/\\")}
    spelt |= {text.replace("\\", "/") for text in spelt}
    spelt |= {json.dumps(text, ensure_ascii=False)[1:-1] for text in spelt}
    return {text for text in spelt if len(text) > 1}


def _pattern(path: str) -> str:
    """Not inside a longer name; a folder with one part, such as `/root`, only where a path may begin.

    `</code>` and `</main>` of the page are no folders.
    """
    start = r"(?<![\w.<])" if path.count("/") + path.count("\\") < 2 else ""
    return rf"{start}{re.escape(path)}(?![\w-])"


def _own_names() -> list[str]:
    """The user's and the machine's names where they are words of their own, the longest first."""
    try:
        user = getpass.getuser()
    except (OSError, KeyError, ImportError):
        user = ""
    names = {user, *_hosts()}
    telling = (n for n in names if len(n) >= _SHORTEST_NAME and n.lower() not in _COMMON_NAMES)
    return sorted(telling, key=len, reverse=True)


def _hosts() -> set[str]:
    return {platform.node(), platform.node().split(".")[0]}


def _words(names: Iterable[str]) -> re.Pattern[str]:
    """Any of the names as a whole word."""
    found = "|".join(rf"(?<![\w.-]){re.escape(n)}(?![\w-])" for n in names)
    return re.compile(found) if found else _NEVER
