"""What schemathesis calls a failure and is none, each with its reason; and what its requests are given."""

from itertools import count
from os import getpid

import schemathesis
from schemathesis.core.failures import ServerError
from schemathesis.openapi.checks import RejectedPositiveData, UseAfterFree

# Valid by the schema, and refused with these codes by a rule that JSON Schema cannot say.
RULES = {
    "invalid_cursor": "a cursor is a text that only the page before it can make",
    "filter_invalid": "a range may not end before it begins, and a language has one of some 500 codes",
    "book_reference_invalid": "the last digit of an ISBN follows from the others",
    "order_invalid": "the ISBN of a search likewise; an order has each book once, and a guest's an address for mails",
    "idempotency_key_required": "a key is not empty",
    "body_required": "a file is not empty",
    "goods_in_invalid": "a file has the columns of a delivery, and a line",
    "currency_other": "an amount is in the currency of its order",
    "lines_invalid": "lines are those of the order, of as many copies as there are",
    "rates_invalid": "a table of rates has each row once, and a row for every country",
    "book_invalid": "so it does in a book, whose language is a known one and whose contributors differ",
}

# The same of single fields, under the code validation_failed: a code, or a field and a code.
FIELD_RULES = {
    "/email wrong_format": "an address has a domain, and fits the limits of RFC 5321 in bytes",
    "too_common": "a password is none of a list of thousands",
    "like_email": "a password is not the address",
    "nul_character": "no text anywhere may hold what PostgreSQL cannot, members that are ignored included",
}

# Of two headers one must be there, which OpenAPI cannot say.
EITHER = {"PUT /api/books/{book}": "If-Match replaces a book, If-None-Match brings back a deleted one"}

# What outlives what it belongs to.
SURVIVORS = {
    "GET /api/books/{book}/history": "who deleted a book is asked for when it is gone",
    "GET /api/contributors/{id}/history": "who removed a contributor is asked for when it is gone",
    "GET /api/publishers/{id}/history": "who removed a publisher is asked for when it is gone",
}


@schemathesis.hook
def filter_failure(context, failure, case, response):
    """Whether it is one."""
    if isinstance(failure, RejectedPositiveData) and response.status_code == 400:
        problem = response.json()
        fields = {
            error["code"] if error["code"] in FIELD_RULES else f'{error["path"]} {error["code"]}'
            for error in problem.get("errors", [])
        }
        by_field = problem["code"] == "validation_failed" and fields and fields <= FIELD_RULES.keys()
        return problem["code"] not in RULES and not by_field
    if isinstance(failure, RejectedPositiveData) and response.status_code == 428:
        return case.operation.label not in EITHER
    if isinstance(failure, UseAfterFree):
        return case.operation.label not in SURVIVORS
    if isinstance(failure, ServerError) and response.status_code == 503:
        # The only answer from 500 on that says nothing about the request: too many came at once.
        return response.json().get("code") != "overloaded"
    return True


clients = count(1)


@schemathesis.hook
def before_call(context, case, kwargs):
    """Changes a request so that limits and versions do not hide what is behind them."""
    number = next(clients)
    # Another address each time: sign-ups and logins are counted by it.
    address = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
    headers = {**(case.headers or {}), "X-Forwarded-For": address}
    if "If-Match" in headers and case.meta is not None and case.meta.generation.mode.is_positive:
        # No generated text is the version that a book has at this moment.
        headers["If-Match"] = "*"
    if "idempotency-key" in headers and case.meta is not None and case.meta.generation.mode.is_positive:
        # Another one each time: the first answer would hide all others.
        headers["idempotency-key"] = f"key-{getpid()}-{number}"
    case.headers = headers
