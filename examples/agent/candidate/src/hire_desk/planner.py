"""Plans without a model: what is wanted, then the calls that do it, over the loop's tools."""

from __future__ import annotations

import json
import re
from collections.abc import Generator, Sequence
from decimal import ROUND_HALF_UP, Decimal
from hashlib import sha256
from typing import Any

from scaffold.llm import Client, ToolCall, ToolResult

from .loop import YES, Loop
from .schemas import Input, Order, Output
from .tools import Desk
from .wishes import ORDER, OTHER, Wish, meant, wishes

Plan = Generator[tuple[str, dict[str, Any]], ToolResult, str]  # calls out, results in, an answer
Orders = Generator[tuple[str, dict[str, Any]], ToolResult, list[str] | str]
MAY_I = re.compile(r"May I (\w+) (\{.*\})\? \(yes or no\)")  # as loop.py asks
WHICH = "Which order is it about?"
NOTHING = "Nothing was changed."
CANNOT = "I cannot do that here: I look orders up, cancel them and pay back. Please call the desk."


async def solve(input: Input, llm: Client) -> Output:
    """Return how the run ended; `llm` is there because all solvers are called alike."""
    run_id = f"{sha256(input.model_dump_json().encode()).hexdigest()[:12]}-planner"
    plan = planned(input.request, input.history)

    async def think(results: list[ToolResult]) -> list[ToolCall] | str:
        try:
            return [ToolCall("1", *(plan.send(results[0]) if results else next(plan)))]
        except StopIteration as end:
            return str(end.value)

    return await Loop(input, Desk(input.state, run_id, input.faults)).run(think, llm)


def planned(request: str, history: Sequence[tuple[str, str]]) -> Plan:
    """Yield the calls that a request needs, and return the answer.

    Only the request and what the customer wrote before are read for wishes: a tool's result has
    values that are looked up by name, and a note is quoted at most.
    """
    said = [text for who, text in history if who == "user"]
    found = wishes(request, said[-1] if said else "")
    if not found and history and (open_question := MAY_I.search(history[-1][1])):
        if not YES.match(request):
            return NOTHING
        return (yield open_question[1], json.loads(open_question[2])).text
    if not found:
        if request.strip():
            return CANNOT
        found = wishes((yield "ask_user", {"question": "What can I do for you?"}).text)
    answers = []
    for wish in found:
        answers.append((yield from granted(wish, history)))
    return " ".join(answers)


def granted(wish: Wish, history: Sequence[tuple[str, str]]) -> Plan:
    """Do what one wish wants, order by order."""
    chosen = yield from orders_of(wish, history)
    if isinstance(chosen, str):
        return chosen
    orders, answers = dict[str, Order](), []
    for number in chosen:
        found = yield "get_order", {"order_id": number}
        if found.is_error:
            answers.append(f"{number} could not be looked up: {found.text}.")
        else:
            orders[number] = Order.model_validate_json(found.text)
    if wish.action == "tell" and wish.about == "paid" and len(orders) > 1:
        return (yield from total(orders))
    for number, order in orders.items():
        if wish.action == "cancel":
            answers.append((yield from cancelled(number, order)))
        elif wish.action == "refund":
            answers.append((yield from refunded(number, order, wish)))
        else:
            answers.append(told(number, order, wish.about))
    return " ".join(answers)


def orders_of(wish: Wish, history: Sequence[tuple[str, str]]) -> Orders:
    """Return the orders that a wish is about; a sentence where there is none."""
    if wish.orders:
        return wish.orders
    before = [number for _, text in history for number in ORDER.findall(text)]
    if before and not OTHER.search(wish.text):
        return [f"Q-{before[-1]}"]  # "cancel it"
    listed = yield "find_orders", {}
    if listed.is_error:
        return f"Your orders could not be looked up: {listed.text}."
    items: dict[str, str] = json.loads(listed.text)
    if not items:
        return "You have no orders with us."
    if before and (item := items.pop(f"Q-{before[-1]}", None)):  # the other one of these
        items = {n: other for n, other in items.items() if other == item} or items
    if wish.action == "tell" and wish.about == "orders":
        return "Your orders: " + ", ".join(f"{n} ({item})" for n, item in items.items()) + "."
    chosen = meant(wish.text, items.items()) or list(items)
    if len(chosen) == 1 or wish.several or _spent(wish):
        return chosen
    answer = (yield "ask_user", {"question": WHICH}).text
    numbers = [f"Q-{number}" for number in ORDER.findall(answer)]
    named = numbers or meant(answer, items.items())
    return named[:1] or f"I did not understand which. {NOTHING}"


def _spent(wish: Wish) -> bool:
    """Whether a sum over all orders is asked for: "how much have I spent"."""
    return wish.action == "tell" and "spent" in wish.text


def cancelled(number: str, order: Order) -> Plan:
    """Cancel an order that can be cancelled."""
    if order.status != "booked":
        return f"{number} ({order.item}) is {order.status}: only a booked order can be cancelled."
    done = yield "cancel_order", {"order_id": number}
    return (yield from after(number, done, order))


def refunded(number: str, order: Order, wish: Wish) -> Plan:
    """Pay back what was asked for, if so much was paid."""
    left = order.paid_cents - order.refunded_cents
    cents = wish.cents(order.paid_cents, left)
    if cents is None:
        answer = (yield "ask_user", {"question": f"How many pounds of {number}?"}).text
        cents = Wish("refund", answer).cents(order.paid_cents, left)
    if isinstance(cents, str):
        worked_out = yield "calculate", {"expression": cents}
        cents = int(Decimal(worked_out.text).quantize(Decimal(1), ROUND_HALF_UP))
    if cents is None:
        return f"I did not understand how much. {NOTHING}"
    if not 0 < cents <= left:
        return f"Of {number} ({order.item}) at most {pounds(left)} can be paid back. {NOTHING}"
    done = yield "refund", {"order_id": number, "cents": cents}
    return (yield from after(number, done, order)).replace(f"{cents} cents", pounds(cents))


def after(number: str, done: ToolResult, before: Order) -> Plan:
    """Tell what became of a change; where it failed, look whether it was made all the same."""
    if not done.is_error:
        return done.text if "receipt" in done.text else NOTHING  # else it is the customer's no
    looked = yield "get_order", {"order_id": number}
    if looked.is_error:
        return f"{number}: that failed, and whether it was done is not known. Please call the desk."
    if Order.model_validate_json(looked.text) == before:
        return f"{number}: that failed ({done.text.split('.')[0]}). {NOTHING}"
    return f"{number}: that is done, though the order system did not say so."


def total(orders: dict[str, Order]) -> Plan:
    """Add up what was paid."""
    expression = " + ".join(str(order.paid_cents) for order in orders.values())
    added = yield "calculate", {"expression": expression}
    return f"Together {pounds(int(added.text))} were paid for {', '.join(orders)}."


def told(number: str, order: Order, about: str) -> str:
    """Answer a question about an order."""
    if about == "note":
        return f"The note on {number} ({order.item}): {order.note or 'none'}"
    if about == "paid":
        return f"{pounds(order.paid_cents)} were paid for {number} ({order.item})."
    if about == "refunded":
        return f"{pounds(order.refunded_cents)} of {number} ({order.item}) were paid back."
    return f"{number} ({order.item}) is {order.status}."


def pounds(cents: int) -> str:
    """Return cents as the customer reads them."""
    return f"{cents / 100:.2f} pounds"
