"""Typed arguments: a task takes and returns Pydantic models, the broker sees JSON."""

from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field

from scenarios.contract import Line

from ..celery_app import app
from . import jobs
from .jobs import REFUSALS, Queued

router = APIRouter()


class Position(BaseModel):
    """One line of an invoice."""

    product: Line
    quantity: Annotated[int, Field(ge=1, le=1_000_000, strict=True)]
    unit_price: Annotated[Decimal, Field(ge=0, max_digits=9, decimal_places=2)]


class Basket(BaseModel):
    """What an invoice is about."""

    positions: list[Position] = Field(min_length=1, max_length=1000)


class Invoice(BaseModel):
    """The sum of a basket."""

    positions: int
    total: Decimal


# --8<-- [start:typed]
@router.post("/invoices", status_code=202, responses=REFUSALS)
def create_invoice(basket: Basket) -> Queued:
    """Add up the positions of an invoice."""
    # As JSON values: the model itself is an EncodeError, and so is a Decimal.
    step = add_up.s(basket.model_dump(mode="json"))
    return jobs.start([step])


@app.task(pydantic=True)
def add_up(basket: Basket) -> Invoice:
    # Checked again: the worker may run an older version of the model than the API.
    total = sum((each.quantity * each.unit_price for each in basket.positions), Decimal())
    return Invoice(positions=len(basket.positions), total=total)


# --8<-- [end:typed]
