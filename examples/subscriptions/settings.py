"""What differs from one installation to the next; read from the environment, with defaults that
suit a first try."""

from trivet.settings import SecretStr, Settings, SettingsConfigDict

__all__ = ["settings"]


class SubscriptionSettings(Settings):
    """Each from a variable such as ``SUBSCRIPTIONS_DATABASE_URL``."""

    model_config = SettingsConfigDict(env_prefix="SUBSCRIPTIONS_")

    database_url: str = "postgresql://subscriptions@127.0.0.1/subscriptions"
    site: str = "http://127.0.0.1:8000"
    smtp_url: str = ""  # without one, mails are written to the console
    secret: SecretStr  # seals what is stored of second factors and webhooks
    stripe_secret: SecretStr  # of the webhook's endpoint: whsec_…


settings = SubscriptionSettings()
