"""The two ceremonies of WebAuthn (level 3, 7.1 and 7.2), by webauthn: values in, values out.

What a browser is asked, and whether what it brings is an answer to that, by a passkey of ours, for
our site. Who may be asked, and what follows, is not known here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import (
    base64url_to_bytes,
    bytes_to_base64url,
    options_to_json_dict,
    parse_authentication_credential_json,
    parse_client_data_json,
    parse_registration_credential_json,
)
from webauthn.helpers.cose import COSEAlgorithmIdentifier
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    AuthenticatorTransport,
    CredentialDeviceType,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from trivet.auth.passkeys.refused import PasskeyRefused
from trivet.auth.passkeys.relying import RelyingParty

__all__ = [
    "Asked",
    "Claim",
    "NewPasskey",
    "Person",
    "Signed",
    "Wanted",
    "claim_of",
    "creation_options",
    "request_options",
    "verify_new",
    "verify_signed",
]

# In the order in which they are wished for; the last is Windows'.
_ALGORITHMS = [
    COSEAlgorithmIdentifier.ECDSA_SHA_256,
    COSEAlgorithmIdentifier.EDDSA,
    COSEAlgorithmIdentifier.RSASSA_PKCS1_v1_5_SHA_256,
]
_LONGEST_ID = 1023  # bytes; WebAuthn, 4


@dataclass(frozen=True, slots=True)
class Person:
    """Whose passkey is made."""

    handle: str
    name: str
    shown_name: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """A passkey that may be used, or that is there already."""

    credential: str
    transports: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """What a browser was given."""

    relying: RelyingParty
    challenge: bytes
    needs_verification: bool = True
    """Whether the device must have asked for a finger, a face or a PIN."""


@dataclass(frozen=True, slots=True)
class NewPasskey:
    """A passkey that was made."""

    credential: str
    public_key: bytes
    sign_count: int
    transports: tuple[str, ...]
    aaguid: str
    is_synced: bool
    is_backed_up: bool


@dataclass(frozen=True, slots=True)
class Claim:
    """What somebody says that they bring: nothing of it is checked yet."""

    credential: str
    user_handle: str | None


@dataclass(frozen=True, slots=True)
class Signed:
    """What a passkey has told with its signature."""

    sign_count: int
    is_synced: bool
    is_backed_up: bool
    was_verified: bool


def creation_options(
    asked: Asked, person: Person, known: Iterable[Wanted], seconds: float
) -> dict[str, Any]:
    """Give what a browser makes a passkey by: one that is found without a name, and is locked."""
    options = generate_registration_options(
        rp_id=asked.relying.id,
        rp_name=asked.relying.name,
        user_id=person.handle.encode(),
        user_name=person.name,
        user_display_name=person.shown_name,
        challenge=asked.challenge,
        timeout=int(seconds * 1000),
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=_descriptors(known),
        supported_pub_key_algs=_ALGORITHMS,
    )
    return options_to_json_dict(options)


def request_options(asked: Asked, allowed: Iterable[Wanted], seconds: float) -> dict[str, Any]:
    """Give what a browser asks a passkey by: one of `allowed`, any where there are none."""
    verification = UserVerificationRequirement.PREFERRED
    if asked.needs_verification:
        verification = UserVerificationRequirement.REQUIRED
    options = generate_authentication_options(
        rp_id=asked.relying.id,
        challenge=asked.challenge,
        timeout=int(seconds * 1000),
        allow_credentials=_descriptors(allowed),
        user_verification=verification,
    )
    return options_to_json_dict(options)


def verify_new(asked: Asked, given: Mapping[str, Any]) -> NewPasskey:
    """Give the passkey that a browser has made as it was asked; raises `PasskeyRefused`.

    Costs 0.1 ms.
    """
    try:
        credential = parse_registration_credential_json(dict(given))
        _refuse_foreign_frames(credential.response.client_data_json)
        found = verify_registration_response(
            credential=credential,
            expected_challenge=asked.challenge,
            expected_rp_id=asked.relying.id,
            expected_origin=list(asked.relying.origins),
            require_user_verification=asked.needs_verification,
            supported_pub_key_algs=_ALGORITHMS,
        )
        # The same twice: what the browser says it is, and what the device has signed for.
        if found.credential_id != credential.raw_id or len(found.credential_id) > _LONGEST_ID:
            raise PasskeyRefused
    except Exception as error:  # of CBOR, certificates and keys each library raises its own
        raise PasskeyRefused from error
    transports = credential.response.transports or []
    return NewPasskey(
        credential=bytes_to_base64url(found.credential_id),
        public_key=found.credential_public_key,
        sign_count=found.sign_count,
        transports=tuple(dict.fromkeys(one.value for one in transports)),
        aaguid=found.aaguid,
        is_synced=found.credential_device_type is CredentialDeviceType.MULTI_DEVICE,
        is_backed_up=found.credential_backed_up,
    )


def claim_of(given: Mapping[str, Any]) -> Claim:
    """Give which passkey somebody says that they bring; raises `PasskeyRefused`."""
    try:
        credential = parse_authentication_credential_json(dict(given))
        handle = credential.response.user_handle
        return Claim(
            credential=bytes_to_base64url(credential.raw_id),
            user_handle=None if handle is None else handle.decode(),
        )
    except Exception as error:  # as above
        raise PasskeyRefused from error


def verify_signed(asked: Asked, given: Mapping[str, Any], public_key: bytes) -> Signed:
    """Give what a passkey has signed as it was asked; raises `PasskeyRefused`.

    Whether its count goes on is not looked at. Costs 0.2 ms.
    """
    try:
        credential = parse_authentication_credential_json(dict(given))
        _refuse_foreign_frames(credential.response.client_data_json)
        found = verify_authentication_response(
            credential=credential,
            expected_challenge=asked.challenge,
            expected_rp_id=asked.relying.id,
            expected_origin=list(asked.relying.origins),
            credential_public_key=public_key,
            credential_current_sign_count=0,
            require_user_verification=asked.needs_verification,
        )
    except Exception as error:  # as above
        raise PasskeyRefused from error
    return Signed(
        sign_count=found.new_sign_count,
        is_synced=found.credential_device_type is CredentialDeviceType.MULTI_DEVICE,
        is_backed_up=found.credential_backed_up,
        was_verified=found.user_verified,
    )


def _refuse_foreign_frames(client_data: bytes) -> None:
    # A frame within another site's page, where people do not see whom they sign in to.
    if parse_client_data_json(client_data).cross_origin:
        raise PasskeyRefused


def _descriptors(wanted: Iterable[Wanted]) -> list[PublicKeyCredentialDescriptor]:
    return [
        PublicKeyCredentialDescriptor(
            id=base64url_to_bytes(one.credential),
            transports=[AuthenticatorTransport(name) for name in one.transports],
        )
        for one in wanted
    ]
