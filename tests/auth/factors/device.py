"""A device with passkeys, made of software: it signs what it is told to, wrong things too."""

from __future__ import annotations

import base64
import json
import secrets
import struct
from hashlib import sha256
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

UP, UV, BE, BS, AT = 0x01, 0x04, 0x08, 0x10, 0x40


def text_of(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def bytes_of(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class Device:
    """One passkey, of one site."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self.id = secrets.token_bytes(32)
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.count = 0
        self.user_handle: str | None = None
        self.flags = UP | UV

    def create(
        self,
        options: dict[str, Any],
        *,
        algorithm: int = -7,
        flags: int | None = None,
        **client_data: Any,
    ) -> dict[str, Any]:
        """Make the passkey that the options ask for."""
        self.user_handle = options["user"]["id"]
        numbers = self.key.public_key().public_numbers()
        x, y = numbers.x.to_bytes(32, "big"), numbers.y.to_bytes(32, "big")
        cose = cbor2.dumps({1: 2, 3: algorithm, -1: 1, -2: x, -3: y})
        credential = bytes(16) + struct.pack(">H", len(self.id)) + self.id + cose
        flags = self.flags if flags is None else flags
        data = self._data(options["rp"]["id"], flags | AT) + credential
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        client = self._client("webauthn.create", options, client_data)
        response = {
            "clientDataJSON": text_of(client),
            "attestationObject": text_of(attestation),
            "transports": ["internal", "a kind of the future"],
        }
        return self._credential(response)

    def sign(
        self,
        options: dict[str, Any],
        *,
        flags: int | None = None,
        rp_id: str | None = None,
        count: int | None = None,
        user_handle: str | None = "",
        **client_data: Any,
    ) -> dict[str, Any]:
        """Sign what the options ask for, counted once more."""
        self.count = self.count + 1 if count is None else count
        data = self._data(rp_id or options["rpId"], self.flags if flags is None else flags)
        client = self._client("webauthn.get", options, client_data)
        signature = self.key.sign(data + sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        response: dict[str, Any] = {
            "clientDataJSON": text_of(client),
            "authenticatorData": text_of(data),
            "signature": text_of(signature),
        }
        handle = self.user_handle if user_handle == "" else user_handle
        if handle is not None:
            response["userHandle"] = handle
        return self._credential(response)

    def _credential(self, response: dict[str, Any]) -> dict[str, Any]:
        name = text_of(self.id)
        return {"id": name, "rawId": name, "type": "public-key", "response": response}

    def _data(self, rp_id: str, flags: int) -> bytes:
        return sha256(rp_id.encode()).digest() + struct.pack(">BI", flags, self.count)

    def _client(self, kind: str, options: dict[str, Any], changed: dict[str, Any]) -> bytes:
        data = {"type": kind, "challenge": options["challenge"], "origin": self.origin}
        return json.dumps({**data, "crossOrigin": False, **changed}).encode()
