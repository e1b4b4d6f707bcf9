"""The application of the tests, as Granian imports it."""

from __future__ import annotations

from tests.adapters.serving import EchoApp
from trivet.adapters.rsgi_bridge import Rsgi

asgi_app = EchoApp()
rsgi_app = Rsgi(EchoApp())
