#!/usr/bin/env python
"""A shop on FastAPI, of the shape of "bigger applications"."""

import fastapi.encoders
from fastapi import Depends, FastAPI  # the application itself
from fastapi import Request as WebRequest
from fastapi.exceptions import RequestValidationError
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import JSONResponse, PlainTextResponse

from shop import items
from shop.dependencies import get_token

app = FastAPI(
    # The token is asked for everywhere.
    dependencies=[Depends(get_token)],
    version="2.0",
)
app.add_middleware(CORSMiddleware, allow_origins=["https://shop.example.org"])
app.include_router(items.router)


@app.exception_handler(RequestValidationError)
async def unprocessable(request: WebRequest, error: RequestValidationError):
    found = fastapi.encoders.jsonable_encoder(error.errors())
    return JSONResponse({"wrong": [one["loc"] for one in found]}, 400)


@app.get("/", response_class=PlainTextResponse)
def root():   # spaces as somebody typed them
    return  'welcome'
