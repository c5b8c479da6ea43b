"""What the agent can do: typed functions over a state, and what of it needs a yes or is refused."""

from __future__ import annotations

import ast
import asyncio
from collections.abc import Mapping, Sequence
from decimal import Decimal
from operator import add, mul, sub, truediv
from typing import Any, Literal

from .schemas import Order, State

# A tool is a method of Desk named here; one that changes something is decided on, never tried twice.
READING = ("find_orders", "get_order", "calculate", "ask_user")
CHANGING = ("cancel_order", "refund")
FREE_CENTS = 2000  # of an order, that may be paid back without asking
SIGNS: dict[Any, Any] = {ast.Add: add, ast.Sub: sub, ast.Mult: mul, ast.Div: truediv}


class Desk:
    """The tools of one run, and the state that they work on: a copy of the case's."""

    def __init__(self, state: State, run_id: str, faults: Mapping[str, Sequence[str]]) -> None:
        self.state, self.run_id = state.model_copy(deep=True), run_id
        self.faults = {name: iter(coming) for name, coming in faults.items()}
        self.tools: dict[str, Any] = {name: getattr(self, name) for name in READING + CHANGING}

    async def call(self, tool: str, arguments: Mapping[str, Any]) -> Any:
        """Call a tool, in the trouble that the case has for it; the real world needs no help."""
        fault = next(self.faults.get(tool, iter(())), "")
        if fault == "error":
            raise ConnectionError("the order system does not answer")
        await asyncio.sleep(3600 if fault == "slow" else 0)
        return await self.tools[tool](**arguments)

    async def find_orders(self) -> dict[str, str]:
        """List this customer's orders: number and machine."""
        orders = self.state.orders.items()
        return {n: order.item for n, order in orders if order.customer == self.state.customer}

    async def get_order(self, order_id: str) -> Order:
        """Look up one of this customer's orders."""
        order = self.state.orders.get(order_id)
        if order is None or order.customer != self.state.customer:
            raise ValueError(f"this customer has no order {order_id}: see find_orders")
        return order

    async def calculate(self, expression: str) -> str:
        """Work out numbers, + - * / and brackets, as in "0.15 * (4200 + 300)"."""
        return str(_value(ast.parse(expression.strip(), mode="eval").body))

    async def ask_user(self, question: str) -> str:
        """Ask the user what is needed and cannot be looked up."""
        return question  # the loop asks the user itself

    async def cancel_order(self, order_id: str) -> str:
        """Cancel an order that has not been picked up. It cannot be undone."""
        order = await self.get_order(order_id)
        if order.status != "booked":
            raise ValueError(f"{order_id} is {order.status}: only a booked order is cancelled")
        order.status = "cancelled"
        return f"{order_id} is cancelled, receipt {self.run_id[:8]}-{order_id}"

    async def refund(self, order_id: str, cents: int) -> str:
        """Pay back a part of an order, in cents."""
        order = await self.get_order(order_id)
        left = order.paid_cents - order.refunded_cents
        if not 0 < cents <= left:
            raise ValueError(f"of {order_id} at least 1 and at most {left} cents can be paid back")
        order.refunded_cents += cents
        return f"{cents} cents of {order_id} are paid back, receipt {self.run_id[:8]}-{order_id}"

    def decide(self, tool: str, arguments: Mapping[str, Any]) -> Literal["act", "ask", "refuse"]:
        """What may be done, what only after a yes, what not at all; no text can sway it."""
        if tool not in CHANGING:
            return "act"
        order = self.state.orders.get(arguments["order_id"])
        if order is None or order.customer != self.state.customer:
            return "refuse"
        refunded = order.refunded_cents + int(arguments.get("cents", FREE_CENTS + 1))
        return "act" if refunded <= FREE_CENTS else "ask"


def _value(node: ast.AST) -> Decimal:
    """Work out a tree of numbers and signs; nothing is evaluated, whatever else is in it."""
    match node:
        case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
            return Decimal(str(number))
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_value(operand)
        case ast.BinOp(left=left, op=sign, right=right) if type(sign) in SIGNS:
            return SIGNS[type(sign)](_value(left), _value(right))
    raise ValueError("only numbers, + - * / and brackets can be worked out")
