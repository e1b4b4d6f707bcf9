"""What the application is put together from: settings, database, accounts, their tokens."""

from secrets import token_urlsafe

from pydantic import Field

from realworld.models import User
from trivet.auth import Auth, AuthOptions, Passwords
from trivet.auth.jwt import JwtTokens
from trivet.auth.passwords.rules import MinimumLength
from trivet.db import Database
from trivet.settings import SecretStr, Settings


class Conduit(Settings):
    """Read from the environment; the defaults are for trying it out, and keep nothing."""

    database_url: str = "sqlite://"
    secret_key: SecretStr = Field(default_factory=lambda: SecretStr(token_urlsafe(32)))


settings = Conduit.load()
db = Database(settings.database_url)
auth = Auth(
    db,
    user=User,
    # The contract's clients choose passwords such as "password123": their length has to do here.
    passwords=Passwords(rules=[MinimumLength(8)]),
    options=AuthOptions(path="/api/auth", sign_up=False, token_scheme="Token"),
)
jwt = JwtTokens(auth, secrets=settings.secret_key, lifetime=60 * 60)
