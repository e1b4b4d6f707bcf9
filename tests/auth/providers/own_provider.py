"""A provider of our own on 127.0.0.1, which does whatever a test says: also what none should."""

from __future__ import annotations

import json
import threading
import time
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from secrets import token_urlsafe
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from joserfc import jws
from joserfc.jwk import ECKey, OctKey, RSAKey

CLIENT = "shop"
SECRET = "a secret: of / the & client, long enough for HS256"

Claims = dict[str, Any]


@cache
def rsa(key_id: str, bits: int = 2048) -> RSAKey:
    """Give a key for an id: making one takes a moment."""
    return RSAKey.generate_key(bits, {"kid": key_id, "use": "sig"})


@cache
def ec(key_id: str) -> ECKey:
    return ECKey.generate_key("P-256", {"kid": key_id, "use": "sig", "alg": "ES256"})


def signed(claims: Mapping[str, Any], key: Any, **head: Any) -> str:
    """Sign claims by a key, whatever the head says beside it."""
    whole = {"alg": "RS256", "kid": key.kid, **head}
    registry = jws.JWSRegistry(algorithms=[whole["alg"]], strict_check_header=False)
    return jws.serialize_compact(whole, json.dumps(claims), key, registry=registry)


def part(value: object) -> str:
    return urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def unsigned(claims: Mapping[str, Any], **head: Any) -> str:
    """Give a token that nobody signed."""
    return f"{part({'alg': 'none', **head})}.{part(claims)}."


@dataclass
class Granted:
    """A code, and what its sign-in was asked with."""

    asked: dict[str, str]
    person: Claims


@dataclass
class OwnProvider:
    """What it says and does; tests change it."""

    port: int = 0
    keys: list[Any] = field(default_factory=lambda: [rsa("one")])
    metadata: Claims = field(default_factory=dict)
    """What it publishes beside, or instead of, the ordinary."""
    person: Claims = field(default_factory=lambda: {"sub": "7", "name": "Ann"})
    sign: Callable[[Claims], str] | None = None
    """What makes identity tokens, instead of the first key."""
    answers: dict[str, Callable[[], tuple[int, bytes]]] = field(default_factory=dict)
    """By path: what is answered instead."""
    codes: dict[str, Granted] = field(default_factory=dict)
    tokens: dict[str, Claims] = field(default_factory=dict)
    """By access token: what is told of a person by another answer."""
    asked: list[str] = field(default_factory=list)
    """The paths that it was asked for."""
    seen: list[dict[str, str]] = field(default_factory=list)
    """The forms that came for a code."""

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def grant(self, address: str, **person: Any) -> dict[str, str]:
        """Let somebody sign in at an address to which they were sent; gives what they bring."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        code = token_urlsafe(16)
        self.codes[code] = Granted(asked, {**self.person, **person})
        return {"code": code, "state": asked["state"]}

    # -- answers ---------------------------------------------------------------------------------

    def published(self) -> Claims:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
            "jwks_uri": f"{self.issuer}/keys",
            **self.metadata,
        }

    def answer(self, path: str, form: dict[str, str], authorization: str) -> tuple[int, bytes]:
        self.asked.append(path)
        if path in self.answers:
            return self.answers[path]()
        if path == "/.well-known/openid-configuration":
            return 200, json.dumps(self.published()).encode()
        if path == "/keys":
            keys = [one.as_dict(private=False) for one in self.keys]
            return 200, json.dumps({"keys": keys}).encode()
        if path == "/token":
            return self._token(form, authorization)
        if path == "/userinfo":
            told = self.tokens.get(authorization.removeprefix("Bearer "))
            return (401, b"{}") if told is None else (200, json.dumps(told).encode())
        return 404, b"{}"

    def _token(self, form: dict[str, str], authorization: str) -> tuple[int, bytes]:
        if authorization:
            id, _, secret = b64decode(authorization.removeprefix("Basic ")).decode().partition(":")
            form |= {"client_id": unquote(id), "client_secret": unquote(secret)}
        self.seen.append(form)
        granted = self.codes.pop(form.get("code", ""), None)
        if granted is None or not self._is_right(form, granted.asked):
            return 400, b'{"error": "invalid_grant"}'
        access = token_urlsafe(16)
        self.tokens[access] = granted.person
        half = sha256(access.encode()).digest()[:16]
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": CLIENT,
            "exp": now + 300,
            "iat": now,
            "nonce": granted.asked.get("nonce"),
            "at_hash": urlsafe_b64encode(half).rstrip(b"=").decode(),
            **granted.person,
        }
        token = signed(claims, self.keys[0]) if self.sign is None else self.sign(claims)
        answer = {"access_token": access, "token_type": "Bearer", "id_token": token}
        return 200, json.dumps(answer).encode()

    def _is_right(self, form: dict[str, str], asked: dict[str, str]) -> bool:
        digest = sha256(form.get("code_verifier", "").encode()).digest()
        challenge = urlsafe_b64encode(digest).rstrip(b"=").decode()
        return (
            form.get("client_id") == CLIENT
            and form.get("client_secret") == SECRET
            and form.get("redirect_uri") == asked["redirect_uri"]
            and asked.get("code_challenge_method") == "S256"
            and challenge == asked["code_challenge"]
        )


@contextmanager
def running(provider: OwnProvider) -> Iterator[OwnProvider]:
    """Serve a provider on a free port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer({})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            self._answer({name: values[0] for name, values in parse_qs(body).items()})

        def _answer(self, form: dict[str, str]) -> None:
            path = urlsplit(self.path).path
            status, body = provider.answer(path, form, self.headers.get("authorization", ""))
            try:
                self.send_response(status)
                self.send_header("content-type", "application/json")
                self.end_headers()
                self.wfile.write(body)
            except OSError:  # nobody listens any more
                self.close_connection = True

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    provider.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        thread.join(10)
        server.server_close()


def shared() -> OctKey:
    return OctKey.import_key(SECRET, {"kid": "shared"})
