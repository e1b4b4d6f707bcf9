"""Ask about the team's notes: an answer token by token, within the month's allowance."""

import asyncio
from collections.abc import AsyncIterator

from pydantic import BaseModel, Field

from subscriptions.flags import BETTER_MODEL
from subscriptions.models import Note, Subscription, Usage
from subscriptions.service import db, streams
from subscriptions.subscribing import plan_of, this_month
from subscriptions.tenancy import Tenant, as_tenant
from trivet import HTTPException, Router
from trivet.ai.tokens import Generation, TokenStream
from trivet.auth import CurrentUser
from trivet.auth.organisations import Organisation, requires_in_organisation

__all__ = ["router"]

router = Router(prefix="/organisations/{organisation}/assistant", tags=["assistant"])

MOST_TOKENS = 200


class Question(BaseModel):
    """What somebody wants to know of the team's notes."""

    text: str = Field(min_length=1, max_length=2_000)


async def answer(model: str, question: str, notes: list[str]) -> AsyncIterator[str]:
    """Stand for a model server: says which notes have a word of the question, slowly."""
    words = {word.strip("?.,!").lower() for word in question.split() if len(word) > 3}
    fitting = [note for note in notes if words & set(note.lower().split())]
    said = f"{len(fitting)} notes ({model}): {'; '.join(fitting)}".split()
    for token in said[:MOST_TOKENS]:
        await asyncio.sleep(0.01)
        yield f"{token} "


async def reserve(organisation: Organisation, tokens: int) -> None:
    """Take tokens from the month's allowance, or answer 429; two at once do not both get the last.

    It is committed before the answer begins: a stream cannot be refused in its middle.
    """
    async with db.own_transaction():
        await as_tenant(organisation)
        mine = await Subscription.where(organisation_id=organisation.id).one()
        most, month = plan_of(mine).tokens, this_month()
        first = {"organisation_id": organisation.id, "month": month, "tokens": 0}
        await Usage.upsert([first], ["organisation_id", "month"], change=[])
        of_month = Usage.where(organisation_id=organisation.id, month=month)
        left = of_month.where(Usage.tokens <= most - tokens)
        if not await left.update(tokens=Usage.tokens + tokens):
            raise HTTPException(429, f"The {most:,} tokens of {month} are used up")


async def give_back(organisation: Organisation, tokens: int) -> None:
    """Give back what an answer did not need."""
    async with db.own_transaction():
        await as_tenant(organisation)
        await Usage.where(organisation_id=organisation.id, month=this_month()).update(
            tokens=Usage.tokens - tokens
        )


@router.post("", dependencies=[requires_in_organisation("assistant.ask")])
async def ask(question: Question, organisation: Tenant, user: CurrentUser) -> TokenStream:
    """Answer token by token, as OpenAI's API does; who goes away pays for what was said."""
    await reserve(organisation, MOST_TOKENS)
    notes = await Note.all().order_by(-Note.id).limit(200).values_list("title")
    model = BETTER_MODEL.of(organisation, user.handle)

    async def settle(generation: Generation) -> None:
        await give_back(organisation, max(0, MOST_TOKENS - generation.output_tokens))

    return streams.openai(answer(model, question.text, notes), model=model, on_end=settle)
