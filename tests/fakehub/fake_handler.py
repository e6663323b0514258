"""One connection to a fake Hub: routes, access, errors as the Hub words them, and files."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

from fakehub import fake_answers as answers
from fakehub.fake_faults import NO_FAULT, Fault
from fakehub.fake_log import Call
from fakehub.fake_repo import FakeFile, FakeRepo
from fakehub.fake_sending import Dropped, Sender, stall, wanted_range

if TYPE_CHECKING:
    from fakehub.fake_hub import FakeHub

_MODEL = re.compile(r"/api/models/([^/]+/[^/]+)(?:/(revision|tree|paths-info|auth-check|refs)(?:/(.+))?)?$")
_FILE = re.compile(r"/([^/]+/[^/]+)/resolve/([^/]+)/(.+)$")
_CDN = re.compile(r"/cdn/([^/]+/[^/]+)/([0-9a-f]{40})/(.+)$")
_DISABLED = "Access to this resource is disabled."
_BAD_TOKEN = "Invalid credentials in Authorization header"


class Refusal(Exception):
    """The Hub's error answer."""

    def __init__(self, status: int, code: str, message: str, **headers: str) -> None:
        super().__init__(message)
        self.status = status
        self.headers = ({"X-Error-Code": code} if code else {}) | {"X-Error-Message": message} | headers


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    @property
    def hub(self) -> FakeHub:
        return self.server.hub  # type: ignore[attr-defined, no-any-return]

    def log_message(self, *_: Any) -> None:
        """Nothing goes to stderr: the log is a record."""

    def do_GET(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.call = Call(self.command, self.path, headers, self.headers.get("Host", ""))
        self.fault = self.hub.fault_for(self.call)
        self.hub.log.add(self.call)
        sent_body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.fault.stall_before:
            stall(self.fault)
        elif self.fault is not NO_FAULT and self.fault.stall_after is None:
            self.fault.reached.set()
        try:
            self._answer(parse_qs(sent_body.decode("utf-8", "replace")))
        except Refusal as refusal:
            self._json({"error": str(refusal)}, refusal.status, refusal.headers)
        except (Dropped, OSError):
            self.close_connection = True

    do_HEAD = do_POST = do_GET

    def _answer(self, form: answers.Query) -> None:
        fault = self.fault
        if fault.body is not None or fault.status is not None:
            return self._spoiled(fault)
        parts = urlsplit(self.path)
        path, query = unquote(parts.path), parse_qs(parts.query)
        if path == "/api/models":
            return self._search(query)
        if path == "/api/whoami-v2":
            return self._whoami()
        if found := _MODEL.match(path):
            return self._model(found[1], found[2] or "", found[3] or "", query, form)
        if found := _FILE.match(path):
            return self._resolve(found[1], found[2], found[3])
        if found := _CDN.match(path):
            return self._file(self.hub.repos[found[1]].commits[found[2]][found[3]], found[3], {})
        raise Refusal(404, "", "Not found")

    def _spoiled(self, fault: Fault) -> None:
        headers = {"X-Error-Code": fault.error_code} if fault.error_code else {}
        headers |= {"X-Error-Message": fault.error_message} if fault.error_message else {}
        if fault.wait_s is not None:
            headers["RateLimit"] = f'"api";r=0;t={fault.wait_s}'
            headers["RateLimit-Policy"] = '"fixed window";"api";q=500;w=300'
        body = fault.body if fault.body is not None else b'{"error": "as told"}'
        self._body(FakeFile(body), fault.status or 200, headers | {"Content-Type": fault.content_type})

    def _search(self, query: answers.Query) -> None:
        rows = answers.found(self.hub.repos.values(), query)
        first = int(query.get("cursor", ["0"])[0])
        last = first + min(int(query.get("limit", ["1000"])[0]), self.hub.page_size)
        headers = {}
        if last < len(rows):
            following = urlencode(query | {"cursor": [str(last)]}, doseq=True)
            headers["Link"] = f'<http://{self.call.host}/api/models?{following}>; rel="next"'
        self._json([answers.model_info(row, row.sha, query) for row in rows[first:last]], 200, headers)

    def _whoami(self) -> None:
        if self._token() not in self.hub.tokens:
            raise Refusal(401, "", _BAD_TOKEN)
        self._json({"type": "user", "name": "ada", "auth": {"type": "access_token"}, "orgs": []})

    def _model(self, name: str, kind: str, revision: str, query: answers.Query, form: answers.Query) -> None:
        if kind == "revision" and self.hub.revision_in_info == "refused":
            raise Refusal(404, "", "Not found")
        if not kind and self.hub.revision_in_info == "required":
            raise Refusal(400, "", "A revision is needed")
        repo = self._repo(name)
        if kind == "auth-check":
            self._check_gate(repo)
            return self._json({})
        if kind == "refs":
            return self._json(answers.refs(repo))
        sha = self._commit(repo, revision or "main")
        if kind == "tree":
            return self._json(answers.tree(repo, sha, query.get("recursive", [""])[0].lower() in ("true", "1")))
        if kind == "paths-info":
            files = repo.commits[sha]
            return self._json([answers.tree_entry(path, files[path]) for path in form["paths"] if path in files])
        self._json(answers.model_info(repo, sha, query, self.hub.sizes_in_info))

    def _resolve(self, name: str, revision: str, path: str) -> None:
        repo = self._repo(name)
        self._check_gate(repo)
        sha = self._commit(repo, revision)
        file = repo.commits[sha].get(path)
        commit = {"X-Repo-Commit": sha}
        if file is None:
            raise Refusal(404, "EntryNotFound", "Entry not found", **commit)
        if not (self.hub.cdn and file.is_lfs(path)):
            return self._file(file, path, commit)
        there = f"http://{self.hub.cdn_host}/cdn/{name}/{sha}/{path}"
        linked = {"X-Linked-Size": str(file.size), "X-Linked-Etag": f'"{file.sha256}"', "Location": there}
        self._body(FakeFile(b""), 302, commit | linked)

    def _file(self, file: FakeFile, path: str, headers: Mapping[str, str]) -> None:
        etag = file.sha256 if file.is_lfs(path) else file.oid(path)
        more = {"ETag": f'"{etag}"', "Accept-Ranges": "bytes", "Content-Type": "application/octet-stream"}
        header = None if self.fault.ignore_range else self.headers.get("Range")
        try:
            wanted = wanted_range(header, file.size)
        except ValueError:
            return self._body(FakeFile(b""), 416, {"Content-Range": f"bytes */{file.size}"})
        if wanted is None:
            return self._body(file, 200, {**headers, **more})
        start, end = wanted
        more["Content-Range"] = f"bytes {start}-{end - 1}/{file.size}"
        self._body(file, 206, {**headers, **more}, start, end)

    def _repo(self, name: str) -> FakeRepo:
        """A public repository, or one that the token opens. What may not be seen is not found."""
        repo = self.hub.repos.get(name)
        token = self._token()
        if repo is None or (repo.private and name not in self.hub.tokens.get(token, ())):
            raise Refusal(404 if token in self.hub.tokens else 401, "RepoNotFound", "Repository not found")
        if repo.disabled:
            raise Refusal(403, "", _DISABLED)
        return repo

    def _check_gate(self, repo: FakeRepo) -> None:
        token = self._token()
        if repo.gated and repo.name not in self.hub.tokens.get(token, ()):
            why = f"Access to model {repo.name} is restricted. You must have access to it and be authenticated."
            raise Refusal(403 if token in self.hub.tokens else 401, "GatedRepo", why)

    def _commit(self, repo: FakeRepo, revision: str) -> str:
        sha = repo.resolve(revision)
        if sha is None:
            raise Refusal(404, "RevisionNotFound", f"Invalid rev id: {revision}")
        return sha

    def _token(self) -> str:
        return self.headers.get("Authorization", "").removeprefix("Bearer ")

    def _json(self, what: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> None:
        kind = {"Content-Type": "application/json; charset=utf-8"}
        self._body(FakeFile(json.dumps(what, default=str).encode()), status, kind | dict(headers or {}))

    def _body(
        self, file: FakeFile, status: int, headers: Mapping[str, str], start: int = 0, end: int | None = None
    ) -> None:
        end = file.size if end is None else end
        length = self.fault.content_length if self.fault.content_length is not None else end - start
        self.call.status = status
        self.send_response(status)
        announced = {} if self.fault.omit_length else {"Content-Length": str(length)}
        for name, value in (announced | dict(headers) | self.fault.headers).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "HEAD":
            return
        sender = Sender(self.connection, self.fault, self.hub.stopped)
        for sent in sender.send(file, start, end):
            self.hub.log.advance(self.call, sent)
        if length != sender.sent or self.fault.omit_length:
            self.close_connection = True
