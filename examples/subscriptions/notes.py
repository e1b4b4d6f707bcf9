"""Notes of a team, typed and kept apart: no handler says whose, the policies do."""

from typing import Annotated

from pydantic import BaseModel, Field

from subscriptions.models import Note, Subscription
from subscriptions.subscribing import plan_of
from subscriptions.tenancy import Tenant
from trivet import HTTPException, Path, Query, Router
from trivet.auth.organisations import requires_in_organisation
from trivet.db import schema

__all__ = ["router"]

router = Router(prefix="/organisations/{organisation}/notes", tags=["notes"])

NoteOut = schema(Note, name="NoteOut", include=["id", "title", "text", "created"])
Key = Annotated[int, Path(ge=1, le=2**53)]


class NewNote(BaseModel):
    """A note as a client sends it."""

    title: str = Field(min_length=1, max_length=200)
    text: str = Field(max_length=20_000)


@router.get("", dependencies=[requires_in_organisation("note.view")])
async def notes(
    organisation: Tenant, text: Annotated[str, Query(max_length=100)] = ""
) -> list[NoteOut]:
    """Give the team's newest notes."""
    return await Note.where(title__icontains=text).order_by(-Note.id).limit(50)


@router.post("", status_code=201, dependencies=[requires_in_organisation("note.add")])
async def write(new: NewNote, organisation: Tenant) -> NoteOut:
    """Write a note, as many as the plan allows: two at once do not both get the last place."""
    mine = await Subscription.where(organisation_id=organisation.id).for_update().one()
    most = plan_of(mine).notes
    if await Note.all().count() >= most:
        raise HTTPException(402, f"The plan {plan_of(mine).name!r} has {most} notes")
    return await Note.create(organisation_id=organisation.id, title=new.title, text=new.text)


@router.get("/{id}", dependencies=[requires_in_organisation("note.view")])
async def note(id: Key, organisation: Tenant) -> NoteOut:
    """Give a note; another team's is not there."""
    return await Note.get(id)


@router.delete("/{id}", status_code=204, dependencies=[requires_in_organisation("note.delete")])
async def forget(id: Key, organisation: Tenant) -> None:
    """Delete a note."""
    await (await Note.get(id)).delete()
