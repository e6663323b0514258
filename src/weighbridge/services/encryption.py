"""Why an encrypted connection failed, in words, and which certificates of the person's own count."""

from __future__ import annotations

import os
import ssl
from collections.abc import Iterator
from typing import NamedTuple

OWN_AUTHORITY = ("SSL_CERT_FILE", "SSL_CERT_DIR")
"""Where a person names certificates of an authority of their own, as OpenSSL does."""
_OWN = (
    f"Where the authority is your own, set {OWN_AUTHORITY[0]} to its certificate (a PEM file), or add it to the "
    "system's store; else somebody may stand between."
)
_UNKNOWN = "its certificate is by an authority that this machine does not know"
_WORDS = {
    9: ("its certificate is not valid yet", "Check the clock of this machine."),
    10: ("its certificate has expired", "Have it renewed, and check the clock of this machine."),
    18: (_UNKNOWN, _OWN),
    19: (_UNKNOWN, _OWN),
    20: (_UNKNOWN, _OWN),
    21: (_UNKNOWN, _OWN),
    62: ("its certificate is for another host name", "Write the address with a name that the certificate bears."),
}
"""By the codes of OpenSSL (X509_V_ERR); 18 to 21 are a self-signed one, alone or above it, and an unknown issuer."""


class Failure(NamedTuple):
    """`told` continues the sentence "... failed: "; `hint` is a sentence of its own."""

    told: str
    hint: str


def failure(error: BaseException) -> Failure | None:
    """What an exception, or one that led to it, says of the encryption; None where that is not what failed.

    A connection that was cut is no failure of its encryption.
    """
    cut = (ssl.SSLEOFError, ssl.SSLZeroReturnError)
    found = next((one for one in causes(error) if isinstance(one, ssl.SSLError) and not isinstance(one, cut)), None)
    if found is None:
        return None
    if words := _WORDS.get(getattr(found, "verify_code", 0)):
        return Failure(words[0], f"Nothing was sent. {words[1]}")
    why = str(getattr(found, "verify_message", "") or found.reason or "no agreement").lower().replace("_", " ")
    return Failure(why.rstrip("."), "Check whether the server speaks http instead of https.")


def causes(error: BaseException | None) -> Iterator[BaseException]:
    """An exception and what led to it, at most ten deep."""
    for _ in range(10):
        if error is None:
            return
        yield error
        error = error.__cause__ or error.__context__


def own_authority() -> tuple[str, str]:
    """File and folder of the person's own certificates; empty where none is named."""
    file, folder = (os.environ.get(name, "") for name in OWN_AUTHORITY)
    return file, folder


def unreadable(file: str, folder: str) -> Failure | None:
    """Says it where the person's own certificates cannot be read; None where they can, or none are named."""
    try:
        if file or folder:
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(file or None, folder or None)
    except (OSError, ValueError):
        which = OWN_AUTHORITY[0] if file else OWN_AUTHORITY[1]
        return Failure(
            f"{which} names no certificates that can be read",
            "Give a PEM file with the authority's certificate, or unset it.",
        )
    return None
