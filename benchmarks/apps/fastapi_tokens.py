"""Who is signed in, by a signed access token: as FastAPI's tutorial has it, on SQLAlchemy.

OAuth2PasswordBearer, PyJWT, the name of the account as the subject, and an account that has to be
active; what the tutorial keeps in a dictionary is a table here.
"""

from datetime import UTC, datetime, timedelta
from typing import Annotated

import jwt
from fastapi import Depends, FastAPI, HTTPException, status
from fastapi.security import OAuth2PasswordBearer
from fastapi_accounts import Account, Opened, Shown, lifespan
from jwt.exceptions import InvalidTokenError
from pydantic import BaseModel
from sqlalchemy import select

SECRET_KEY = "only for measuring, and long enough for a key of HS256"
ALGORITHM = "HS256"
ACCESS_TOKEN_EXPIRE_MINUTES = 10

app = FastAPI(lifespan=lifespan)
oauth2_scheme = OAuth2PasswordBearer(tokenUrl="token")


class Token(BaseModel):
    access_token: str
    token_type: str


async def get_current_user(
    token: Annotated[str, Depends(oauth2_scheme)], opened: Opened
) -> Account:
    credentials_exception = HTTPException(
        status_code=status.HTTP_401_UNAUTHORIZED,
        detail="Could not validate credentials",
        headers={"WWW-Authenticate": "Bearer"},
    )
    try:
        payload = jwt.decode(token, SECRET_KEY, algorithms=[ALGORITHM])
        email = payload.get("sub")
        if email is None:
            raise credentials_exception
    except InvalidTokenError:
        raise credentials_exception from None
    account = await opened.scalar(select(Account).where(Account.email == email))
    if account is None:
        raise credentials_exception
    return account


async def get_current_active_user(user: Annotated[Account, Depends(get_current_user)]) -> Account:
    if not user.is_active:
        raise HTTPException(status_code=400, detail="Inactive user")
    return user


@app.get("/hello")
async def hello() -> str:
    return "hello"


@app.post("/token")
async def token() -> Token:
    ends = datetime.now(UTC) + timedelta(minutes=ACCESS_TOKEN_EXPIRE_MINUTES)
    claims = {"sub": "ann@example.org", "exp": ends}
    signed = jwt.encode(claims, SECRET_KEY, algorithm=ALGORITHM)
    return Token(access_token=signed, token_type="bearer")


@app.get("/me")
async def me(user: Annotated[Account, Depends(get_current_active_user)]) -> Shown:
    return user
