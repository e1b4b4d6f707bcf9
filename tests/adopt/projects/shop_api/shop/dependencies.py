from typing import Annotated

from fastapi import Header, HTTPException


async def get_token(x_token: Annotated[str, Header()]):
    if x_token != "secret":
        raise HTTPException(status_code=400, detail="X-Token header invalid")
