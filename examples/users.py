"""A small API of users: create, read, list, change and delete, validated and documented.

Shows models with constraints, real e-mail addresses, partial updates, dependencies, status codes,
and a documentation page that is worth reading. Everything is kept in memory and is gone when the
server stops; each worker process would have users of its own.

Run it (it needs `pip install "trivet[email]"`), then open http://127.0.0.1:8000/:

    trivet run examples/users.py

    curl http://127.0.0.1:8000/users
    curl http://127.0.0.1:8000/users/1
    curl http://127.0.0.1:8000/users --json \
        '{"name": "Katherine Johnson", "email": "katherine@example.org", "age": 101}'
    curl -X PATCH http://127.0.0.1:8000/users/1 --json '{"age": 37}'
    curl -X DELETE http://127.0.0.1:8000/users/1

And what happens to a request that does not fit:

    curl http://127.0.0.1:8000/users --json '{"name": "K", "email": "nowhere", "age": 151}'
"""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, EmailStr, Field

from trivet import App, Depends, HTMLResponse, HTTPException, Path, Query, Router
from trivet.schema.partial import Partial, apply

# -- what a user is ------------------------------------------------------------------------------


class NewUser(BaseModel):
    """A user as a client sends one."""

    model_config = ConfigDict(str_strip_whitespace=True)

    name: str = Field(min_length=2, max_length=100, examples=["Ada Lovelace"])
    email: EmailStr = Field(examples=["ada@example.org"])
    age: int = Field(ge=0, le=150, description="In full years", examples=[36])


class User(NewUser):
    """A user as the server keeps one."""

    id: int = Field(description="Given by the server, never used twice", examples=[1])
    created_at: datetime = Field(description="When the user was created, in UTC")


class NotFound(BaseModel):
    """The answer where there is no such user."""

    detail: str = Field(examples=["There is no user 42"])


# -- where users are kept ------------------------------------------------------------------------


class UserStore:
    """All users of this process, by number."""

    def __init__(self, *first: NewUser) -> None:
        self._users: dict[int, User] = {}
        self._next_id = 1
        for new in first:
            self.add(new)

    def add(self, new: NewUser) -> User:
        user = User(id=self._next_id, created_at=datetime.now(UTC), **new.model_dump())
        self._next_id += 1
        return self.put(user)

    def put(self, user: User) -> User:
        self._users[user.id] = user
        return user

    def get(self, user_id: int) -> User | None:
        return self._users.get(user_id)

    def remove(self, user: User) -> None:
        del self._users[user.id]

    def page(self, limit: int, offset: int) -> list[User]:
        return list(self._users.values())[offset : offset + limit]


_store = UserStore(
    NewUser(name="Ada Lovelace", email="ada@example.org", age=36),
    NewUser(name="Grace Hopper", email="grace@example.org", age=85),
)


def get_store() -> UserStore:
    """Give the store; a test puts another in its place with `app.dependency_overrides`."""
    return _store


Store = Annotated[UserStore, Depends(get_store)]


def get_user(
    user_id: Annotated[int, Path(ge=1, description="The user's number")], store: Store
) -> User:
    """Give the user that the path names, or answer with 404."""
    user = store.get(user_id)
    if user is None:
        raise HTTPException(404, f"There is no user {user_id}")
    return user


# Every route that takes a `TheUser` has the path parameter, the look-up and the 404 with it.
TheUser = Annotated[User, Depends(get_user)]

# -- the routes ----------------------------------------------------------------------------------

router = Router(prefix="/users", tags=["users"])
for_one = Router(responses={404: {"model": NotFound, "description": "There is no such user"}})


@router.get("", summary="List users")
async def list_users(
    store: Store,
    limit: Annotated[int, Query(ge=1, le=100, description="At most so many")] = 20,
    offset: Annotated[int, Query(ge=0, description="Leave out so many at the beginning")] = 0,
) -> list[User]:
    """List users, the oldest first, one page at a time."""
    return store.page(limit, offset)


@router.post("", status_code=201, summary="Create a user", response_description="The new user")
async def create_user(new: NewUser, store: Store) -> User:
    """Create a user. The number and the time are given by the server."""
    return store.add(new)


@for_one.get("/{user_id}", summary="Read a user")
async def read_user(user: TheUser) -> User:
    """Read one user."""
    return user


@for_one.patch("/{user_id}", summary="Change a user")
async def change_user(user: TheUser, changes: Partial[NewUser], store: Store) -> User:
    """Change what is sent, and leave the rest as it is."""
    return store.put(apply(user, changes))


@for_one.delete("/{user_id}", status_code=204, summary="Delete a user")
async def delete_user(user: TheUser, store: Store) -> None:
    """Delete a user; the number is not given again."""
    store.remove(user)


router.include_router(for_one)

# -- the application -----------------------------------------------------------------------------

app = App(
    title="Users",
    summary="Create, read, list, change and delete users",
    description=(
        "A small API to look at **Trivet** with. Press *Try it out* on any operation below.\n\n"
        "Names have 2 to 100 characters, e-mail addresses must be real ones, and ages go from "
        "0 to 150: whatever does not fit is answered with `422` and a list of all that is wrong."
    ),
    version="1.0.0",
    openapi_tags=[{"name": "users", "description": "People with an e-mail address"}],
)
app.include_router(router)


@app.get("/", response_class=HTMLResponse, include_in_schema=False)
async def home() -> str:
    return HOME


HOME = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<title>Users · Trivet</title>
<style>
  :root { color-scheme: light dark; --line: #8884; --accent: #0b7a75; }
  @media (prefers-color-scheme: dark) { :root { --accent: #4fd1c5; } }
  body { font: 1.05rem/1.6 system-ui, sans-serif; }
  body { max-width: 44rem; margin: 3rem auto; padding: 0 1rem; }
  h1 { line-height: 1.2; margin-bottom: 0; }
  a { color: var(--accent); }
  nav { display: grid; gap: .8rem; grid-template-columns: repeat(auto-fit, minmax(18rem, 1fr)); }
  nav a { border: 1px solid var(--line); border-radius: .6rem; padding: .7rem 1rem; }
  nav a { text-decoration: none; }
  nav a:hover { border-color: var(--accent); }
  nav b, nav span { display: block; }
  nav span { color: GrayText; font-size: .85rem; }
  form { display: flex; flex-wrap: wrap; gap: .6rem; }
  input, button { font: inherit; padding: .4rem .6rem; border-radius: .4rem; }
  input, button { border: 1px solid var(--line); }
  input { flex: 1 12rem; min-width: 0; }
  input[name=age] { flex: 0 1 5rem; }
  button { background: var(--accent); color: Canvas; border-color: var(--accent); cursor: pointer; }
  pre { background: #8881; border-radius: .6rem; padding: 1rem; overflow: auto; font-size: .85rem; }
</style>
<h1>It runs.</h1>
<p>This is a small API of users, served by Trivet from one Python file.</p>
<nav>
  <a href="docs"><b>/docs</b><span>Read and try every operation</span></a>
  <a href="redoc"><b>/redoc</b><span>The same, to read</span></a>
  <a href="users"><b>/users</b><span>The users, as JSON</span></a>
  <a href="openapi.json"><b>/openapi.json</b><span>The document, for tools</span></a>
</nav>
<h2>Create a user</h2>
<p>Try a name of one letter, an address without a domain, or an age of 151.</p>
<form id="new">
  <input name="name" placeholder="Name" aria-label="Name" value="Katherine Johnson">
  <input name="email" placeholder="E-mail" aria-label="E-mail" value="katherine@example.org">
  <input name="age" placeholder="Age" aria-label="Age" value="101" inputmode="numeric">
  <button>Create</button>
</form>
<pre id="answer">curl http://127.0.0.1:8000/users --json \\
  '{"name": "Katherine Johnson", "email": "katherine@example.org", "age": 101}'</pre>
<script>
  const form = document.getElementById("new"), answer = document.getElementById("answer");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const response = await fetch("users", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(Object.fromEntries(new FormData(form))),
    });
    const body = JSON.stringify(await response.json(), null, 2);
    answer.textContent = `${response.status} ${response.statusText}\\n\\n${body}`;
  });
</script>
</html>
"""
