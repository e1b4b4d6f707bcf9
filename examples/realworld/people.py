"""Routes about people: signing up and in, one's own account, profiles and following."""

from typing import Annotated

from realworld.errors import missing
from realworld.models import Following, User
from realworld.parts import auth, jwt
from realworld.schemas import ChangedUser, LogIn, NewUser, OneProfile, OneUser, Profile, UserRead
from trivet import Body, Depends, Request, Router
from trivet.auth import current_user, optional_user
from trivet.auth.users import normal_username
from trivet.schema.partial import Partial
from trivet.security.authorization import authorization_of

router = Router()

Me = Annotated[User, Depends(current_user)]
Viewer = Annotated[User | None, Depends(optional_user)]


def shown(user: User, token: str) -> OneUser:
    return OneUser(
        user=UserRead(
            email=user.email or "", token=token, username=user.name, bio=user.bio, image=user.image
        )
    )


async def with_new_token(user: User) -> OneUser:
    grant = await jwt.granting.issue(user, is_refreshed=False)
    return shown(user, grant.access_token)


@router.post("/users", status_code=201, tags=["users"])
async def sign_up(user: Annotated[NewUser, Body(embed=True)]) -> OneUser:
    made = await auth.accounts.make(
        email=user.email, username=user.username, name=user.username, password=user.password
    )
    return await with_new_token(made)


@router.post("/users/login", tags=["users"])
async def sign_in(user: Annotated[LogIn, Body(embed=True)], request: Request) -> OneUser:
    found = await auth.signing_in.by_password(user.email, user.password, request)
    return await with_new_token(found)


@router.get("/user", tags=["users"])
async def me(me: Me, request: Request) -> OneUser:
    return shown(me, authorization_of(request)[1])


@router.put("/user", tags=["users"])
async def change_me(user: Annotated[Partial[ChangedUser], Body(embed=True)], me: Me) -> OneUser:
    values = user.model_dump()
    password = values.pop("password", None)
    if "username" in values:
        values |= {"name": user.username, "username": normal_username(user.username)}
    await me.update(**values)
    if password is not None:
        await auth.accounts.set_password(me, password)  # ends the tokens that are out
    return await with_new_token(me)


# -- profiles ------------------------------------------------------------------------------------


async def named(username: str) -> User:
    """Give whom the path names."""
    found: User | None = await auth.accounts.by_username(username)
    if found is None:
        raise missing("profile")
    return found


Named = Annotated[User, Depends(named)]


def profile_of(user: User, *, following: bool) -> OneProfile:
    profile = Profile.model_validate(user)
    profile.following = following
    return OneProfile(profile=profile)


@router.get("/profiles/{username}", tags=["profiles"])
async def profile(viewer: Viewer, user: Named) -> OneProfile:
    pair = Following.where(follower_id=viewer.id, author_id=user.id) if viewer else None
    return profile_of(user, following=pair is not None and await pair.exists())


@router.post("/profiles/{username}/follow", tags=["profiles"])
async def follow(me: Me, user: Named) -> OneProfile:
    await Following.get_or_create(follower_id=me.id, author_id=user.id)
    return profile_of(user, following=True)


@router.delete("/profiles/{username}/follow", tags=["profiles"])
async def unfollow(me: Me, user: Named) -> OneProfile:
    await Following.where(follower_id=me.id, author_id=user.id).delete()
    return profile_of(user, following=False)
