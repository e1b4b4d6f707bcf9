"""examples/subscriptions: teams kept apart, Stripe's word, allowances and switches, end to end.

On PostgreSQL, as a role that its policies hold for, migrated and served by the command line.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import re
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx2
import psycopg
import pytest
import stripe

from tests.examples.serving import REPOSITORY, Example, serving
from tests.observe.otel.collector import Collector
from tests.observe.receiver import receiving

APP = "examples/subscriptions/app.py"
SECRET = "whsec_of_this_test"
# Four processes start one after the other before the first test.
pytestmark = pytest.mark.timeout(300)

PASSWORD = "seven green ladders"
SERVER = "postgresql://postgres@127.0.0.1/postgres"


@dataclass
class Service:
    """The running service, and its database as the role that it works as."""

    example: Example
    database: str
    collector: Collector


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    name = f"trivet_subscriptions_{uuid.uuid4().hex[:8]}"
    with psycopg.connect(SERVER, autocommit=True) as server:
        server.execute(f"CREATE ROLE {name} LOGIN")
        server.execute(f"CREATE DATABASE {name} OWNER {name}")
    environment = {
        "SUBSCRIPTIONS_DATABASE_URL": f"postgresql://{name}@127.0.0.1/{name}",
        "SUBSCRIPTIONS_STRIPE_SECRET": SECRET,
        "SUBSCRIPTIONS_SECRET": "of this test alone, and of no other one",
    }
    try:
        trivet("migrate", environment)
        trivet("createsuperuser --log-in eve@example.org --password-file -", environment)
        with receiving() as receiver:
            environment |= {
                "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{receiver.port}",
                "OTEL_TRACES_SAMPLER": "parentbased_always_on",
                "OTEL_BSP_SCHEDULE_DELAY": "200",
            }
            with serving(APP, **environment) as running:
                address = environment["SUBSCRIPTIONS_DATABASE_URL"]
                yield Service(running, address, Collector(receiver))
    finally:
        with psycopg.connect(SERVER, autocommit=True) as server:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)")
            server.execute(f"DROP ROLE {name}")


def trivet(words: str, environment: dict[str, str]) -> str:
    return subprocess.run(
        [sys.executable, "-m", "trivet", "--app", APP, *words.split()],
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONPATH": "src", **environment},
        input=PASSWORD,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    ).stdout


@dataclass
class Team:
    """An organisation with who owns it, signed in."""

    client: httpx2.Client
    handle: str

    @property
    def path(self) -> str:
        return f"/organisations/{self.handle}"

    def subscription(self) -> dict[str, Any]:
        found: dict[str, Any] = self.client.get(f"{self.path}/subscription").json()
        return found


@contextmanager
def signed_in(service: Service, email: str) -> Iterator[httpx2.Client]:
    with httpx2.Client(
        base_url=service.example.url, headers={"Origin": service.example.url}, timeout=30
    ) as client:
        sent = client.post("/auth/sign-in", json={"log_in": email, "password": PASSWORD})
        assert sent.status_code == 200, sent.text
        yield client


@pytest.fixture
def found_team(service: Service) -> Iterator[Callable[[], Team]]:
    """Make an account by the letter that it gets, and an organisation that it owns."""
    clients: list[httpx2.Client] = []

    def make() -> Team:
        email = f"{uuid.uuid4().hex[:10]}@example.org"
        client = httpx2.Client(
            base_url=service.example.url, headers={"Origin": service.example.url}, timeout=30
        )
        clients.append(client)
        new = {"email": email, "password": PASSWORD, "name": "Ann"}
        assert client.post("/auth/sign-up", json=new).status_code == 202
        letter = letter_to(service, email)
        token = re.search(r"token=([\w.~-]+)", letter)
        assert token is not None, letter
        confirmed = client.post("/auth/confirm-email", json={"token": token[1]})
        assert confirmed.status_code < 300, confirmed.text
        client.post("/auth/sign-in", json={"log_in": email, "password": PASSWORD})
        made = client.post("/auth/organisations", json={"name": f"Team of {email}"})
        assert made.status_code == 201, made.text
        return Team(client, made.json()["handle"])

    yield make
    for client in clients:
        client.close()


def letter_to(service: Service, email: str) -> str:
    """Give the last letter to an address, as the console has it."""
    service.example.wait_for(f"To: {email}")
    ends = time.monotonic() + 20
    while "token=" not in (letter := service.example.output.rpartition(f"To: {email}")[2]):
        assert time.monotonic() < ends, letter
        time.sleep(0.05)
    return letter


def tell(service: Service, event: dict[str, Any]) -> int:
    """Post an event as Stripe does, signed by its official package; gives the status."""
    body = json.dumps(event)
    moment = int(time.time())
    signed = hmac.new(SECRET.encode(), f"{moment}.{body}".encode(), hashlib.sha256).hexdigest()
    header = f"t={moment},v1={signed}"
    assert stripe.WebhookSignature.verify_header(body, header, SECRET, 300)  # by Stripe's own
    sent = httpx2.post(
        f"{service.example.url}/hooks/stripe",
        content=body,
        headers={"Stripe-Signature": header, "Content-Type": "application/json"},
    )
    return sent.status_code


def event(kind: str, thing: dict[str, Any], created: int = 1_800_000_000) -> dict[str, Any]:
    return {
        "id": f"evt_{uuid.uuid4().hex}",
        "object": "event",
        "type": kind,
        "created": created,
        "data": {"object": thing},
    }


def checkout(team: Team, customer: str) -> dict[str, Any]:
    return event(
        "checkout.session.completed",
        {"client_reference_id": team.handle, "customer": customer},
    )


def subscription(customer: str, plan: str, created: int, status: str = "active") -> dict[str, Any]:
    price = {"quantity": 3, "price": {"lookup_key": plan}}
    kind = "deleted" if status == "canceled" else "updated"
    thing = {"customer": customer, "status": status, "items": {"data": [price]}}
    return event(f"customer.subscription.{kind}", thing, created)


def eventually(question: Callable[[], bool]) -> None:
    ends = time.monotonic() + 30
    while not question():
        assert time.monotonic() < ends
        time.sleep(0.05)


def test_notes_of_another_team_are_not_there(
    found_team: Callable[[], Team],
) -> None:
    ann, bob = found_team(), found_team()
    note = ann.client.post(f"{ann.path}/notes", json={"title": "Plans", "text": "secret"})
    assert note.status_code == 201, note.text
    key = note.json()["id"]

    assert ann.client.get(f"{ann.path}/notes/{key}").json()["title"] == "Plans"
    assert bob.client.get(f"{bob.path}/notes").json() == []
    assert bob.client.get(f"{bob.path}/notes/{key}").status_code == 404
    assert bob.client.get(f"{ann.path}/notes").status_code == 404
    assert bob.client.delete(f"{bob.path}/notes/{key}").status_code == 404


def test_a_query_that_forgets_the_team_sees_nothing(
    service: Service, found_team: Callable[[], Team]
) -> None:
    ann = found_team()
    ann.client.post(f"{ann.path}/notes", json={"title": "Plans", "text": ""})

    with psycopg.connect(service.database) as connection:
        everything = "SELECT count(*) FROM note"
        assert connection.execute(everything).fetchone() == (0,)
        connection.execute("SELECT set_config('app.tenant', '-1', true)")
        assert connection.execute(everything).fetchone() == (0,)
        connection.execute("SELECT set_config('app.operations', 'yes', true)")
        assert connection.execute(everything).fetchone() != (0,)


def test_a_plan_has_so_many_seats_and_an_invitation_beyond_them_is_taken_back(
    found_team: Callable[[], Team],
) -> None:
    ann = found_team()
    invitations = f"/auth{ann.path}/invitations"

    def invite(number: int) -> int:
        person = {"email": f"{number}-{ann.handle.lower()}@example.org", "role": "writer"}
        return ann.client.post(invitations, json=person).status_code

    assert [invite(number) for number in (1, 2, 3)] == [202, 202, 402]
    assert len(ann.client.get(invitations).json()) == 2
    assert ann.subscription()["seats_taken"] == 3


def test_what_stripe_says_counts_once_in_its_own_order(
    service: Service, found_team: Callable[[], Team]
) -> None:
    ann, customer = found_team(), f"cus_{uuid.uuid4().hex}"
    newer = subscription(customer, "business", created=2_000)
    assert tell(service, checkout(ann, customer)) == 202
    eventually(lambda: tell(service, newer) == 200)  # twice: kept once
    eventually(lambda: ann.subscription()["plan"] == "business")
    assert ann.subscription()["seats"] == 102

    assert tell(service, subscription(customer, "team", created=1_000)) == 202  # too late
    paid = {
        "id": f"in_{uuid.uuid4().hex}",
        "customer": customer,
        "total": 4_900,
        "currency": "eur",
        "status_transitions": {"paid_at": 1_800_000_000},
    }
    for _ in range(2):  # another event about the same invoice
        assert tell(service, event("invoice.paid", paid)) == 202
    service.example.wait_for("has paid 49.00 EUR")

    assert ann.subscription()["plan"] == "business"
    assert service.example.output.count("Subject: Your invoice: 49.00 EUR") == 1
    assert tell(service, subscription(customer, "team", 3_000, "canceled")) == 202
    eventually(lambda: ann.subscription()["plan"] == "free")


def test_a_payment_is_one_trace_from_the_webhook_to_the_mail(
    service: Service, found_team: Callable[[], Team]
) -> None:
    ann, customer = found_team(), f"cus_{uuid.uuid4().hex}"
    tell(service, checkout(ann, customer))
    paid = {
        "id": f"in_{uuid.uuid4().hex}",
        "customer": customer,
        "total": 1_234,
        "currency": "eur",
        "status_transitions": {"paid_at": 1_800_000_000},
    }
    # Told before its checkout is worked, it is tried again later; so the checkout comes first.
    eventually(lambda: ann.subscription()["plan"] == "free")
    tell(service, subscription(customer, "team", created=5_000))
    eventually(lambda: ann.subscription()["plan"] == "team")
    tell(service, event("invoice.paid", paid))
    service.example.wait_for("has paid 12.34 EUR")

    def names() -> set[str]:
        spans = service.collector.spans()
        inserted = [one for one in spans if one.name == "INSERT invoice"]
        traces = {one.trace_id for one in inserted}
        return {one.name for one in spans if one.trace_id in traces}

    def is_joined() -> bool:
        found = names()
        return "POST /hooks/stripe" in found and any("send_mail" in name for name in found)

    eventually(is_joined)


def test_a_message_that_stripe_did_not_sign_changes_nothing(service: Service) -> None:
    sent = httpx2.post(
        f"{service.example.url}/hooks/stripe",
        json=event("invoice.paid", {}),
        headers={"Stripe-Signature": "t=1,v1=00"},
    )

    assert sent.status_code == 401


def ask(team: Team, text: str = "What are our plans?") -> httpx2.Response:
    return team.client.post(f"{team.path}/assistant", json={"text": text})


def tokens(answer: httpx2.Response) -> list[str]:
    """Give the pieces of a stream in OpenAI's form."""
    chunks = [json.loads(one) for one in re.findall(r"^data: ({.*)$", answer.text, re.MULTILINE)]
    choices = [chunk["choices"][0]["delta"] for chunk in chunks if chunk["choices"]]
    return [delta["content"] for delta in choices if delta.get("content")]


def test_answers_come_token_by_token_and_are_counted_by_what_was_said(
    found_team: Callable[[], Team],
) -> None:
    ann = found_team()
    ann.client.post(f"{ann.path}/notes", json={"title": "Plans for spring", "text": ""})

    said = tokens(ask(ann))

    assert "".join(said).startswith("1 notes (small): Plans for spring")
    eventually(lambda: ann.subscription()["tokens_used"] == len(said))


def test_the_allowance_of_a_month_ends(service: Service, found_team: Callable[[], Team]) -> None:
    ann = found_team()
    said = tokens(ask(ann))
    eventually(lambda: ann.subscription()["tokens_used"] == len(said))
    with psycopg.connect(service.database) as connection:
        connection.execute("SELECT set_config('app.operations', 'yes', true)")
        connection.execute(
            "UPDATE usage SET tokens = 900 FROM organisations o"
            " WHERE o.id = organisation_id AND o.handle = %s",
            [ann.handle],
        )

    refused = ask(ann)

    assert refused.status_code == 429
    assert "1,000 tokens" in refused.json()["detail"]
    assert ann.subscription()["tokens_used"] == 900


def test_staff_see_all_teams_switch_flags_and_export_invoices(
    service: Service, found_team: Callable[[], Team]
) -> None:
    ann, bob = found_team(), found_team()
    with signed_in(service, "eve@example.org") as eve:
        assert "Paying organisations" in eve.get("/admin/").text
        teams = eve.get("/admin/subscription/").text
        assert ann.client.get(f"/auth{ann.path}").json()["name"] in teams

        flag = {"name": "model", "is_on": "true", "value": '"large"'}
        made = eve.post("/admin/flag/add", data=flag)
        assert made.status_code < 400, made.text
        exported = eve.get("/admin/invoice/export?format=csv")
        assert exported.status_code == 200, exported.text
        assert "currency" in exported.text.lower()

    assert ann.client.get("/admin/subscription/").status_code in (403, 404)
    eventually(lambda: "(large)" in "".join(tokens(ask(bob))))
