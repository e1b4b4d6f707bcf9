"""Ask about the team's notes: an answer token by token, within the month's allowance."""

import asyncio
from collections.abc import AsyncIterator

from pydantic import BaseModel, Field

from subscriptions.flags import BETTER_MODEL
from subscriptions.models import Note, Subscription, Usage
from subscriptions.service import db
from subscriptions.subscribing import plan_of, this_month
from subscriptions.tenancy import Tenant, as_tenant
from trivet import HTTPException, Router
from trivet.auth import CurrentUser
from trivet.auth.organisations import Organisation, requires_in_organisation

__all__ = ["router"]

router = Router(prefix="/organisations/{organisation}/assistant", tags=["assistant"])

MOST_TOKENS = 200


class Question(BaseModel):
    """What somebody wants to know of the team's notes."""

    text: str = Field(min_length=1, max_length=2_000)


class Reply(BaseModel):
    """One token of the answer."""

    token: str


async def answer(model: str, question: str, notes: list[str]) -> AsyncIterator[str]:
    """Stand for a model server: says which notes have a word of the question, slowly."""
    words = {word.strip("?.,!").lower() for word in question.split() if len(word) > 3}
    fitting = [note for note in notes if words & set(note.lower().split())]
    for token in f"{len(fitting)} notes ({model}): {'; '.join(fitting)}".split():
        await asyncio.sleep(0.01)
        yield f"{token} "


async def reserve(organisation: Organisation, tokens: int) -> None:
    """Take tokens from the month's allowance, or answer 429; two at once do not both get the last.

    They are taken before the answer begins, because a stream cannot be refused in its middle.
    """
    mine = await Subscription.where(organisation_id=organisation.id).one()
    most = plan_of(mine).tokens
    month = this_month()
    await Usage.upsert(
        [{"organisation_id": organisation.id, "month": month, "tokens": 0}],
        on_conflict=["organisation_id", "month"],
        update=[],
    )
    of_month = Usage.where(organisation_id=organisation.id, month=month)
    if not await of_month.where(Usage.tokens <= most - tokens).update(tokens=Usage.tokens + tokens):
        raise HTTPException(429, f"The {most:,} tokens of {month} are used up")


async def give_back(organisation: Organisation, tokens: int) -> None:
    """Give back what an answer did not need, however it ended."""
    async with db.own_transaction():
        await as_tenant(organisation)
        await Usage.where(organisation_id=organisation.id, month=this_month()).update(
            tokens=Usage.tokens - tokens
        )


@router.post("", dependencies=[requires_in_organisation("assistant.ask")])
async def ask(question: Question, organisation: Tenant, user: CurrentUser) -> AsyncIterator[Reply]:
    """Answer token by token; who goes away pays for what was said until then."""
    await reserve(organisation, MOST_TOKENS)
    notes = await Note.all().order_by(-Note.id).limit(200).values_list("title")
    said = 0
    try:
        model = BETTER_MODEL.of(organisation, user.handle)
        async for token in answer(model, question.text, notes):
            said += 1
            yield Reply(token=token)
            if said == MOST_TOKENS:
                break
    finally:
        await give_back(organisation, MOST_TOKENS - said)
