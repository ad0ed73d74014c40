"""Plays a person for schemathesis: logs in, logs in again after a case that ended the session, and gives every second
valid case something that exists, so that successes are checked as well as refusals.

Environment: CONFORMANCE_GATEWAY (address), CONFORMANCE_PERSON (JSON: username, password), CONFORMANCE_SEEN (a file that
gets, by operation, how often each status came)."""

import atexit
import json
import os
import uuid
from collections import Counter, defaultdict

import requests
import schemathesis

GATEWAY = os.environ["CONFORMANCE_GATEWAY"]
PERSON = json.loads(os.environ["CONFORMANCE_PERSON"])
# Sold by the store that the person belongs to.
STORE, SKU, CURRENCY = "store-1", "tea", "EUR"
TIMEOUT_SECONDS = 30

seen = defaultdict(Counter)
calls = Counter()


class Session:
    """The person's own session; made anew when a case has ended it."""

    token = None

    def access_token(self):
        if self.token is None:
            self.token = log_in()["tokens"]["access_token"]
        return self.token


session = Session()


def log_in():
    answer = requests.post(f"{GATEWAY}/auth/login", json=PERSON, timeout=TIMEOUT_SECONDS)
    answer.raise_for_status()
    return answer.json()


def call(base, method, path, body):
    headers = {"authorization": f"Bearer {session.access_token()}"}
    answer = requests.request(method, base + path, json=body, headers=headers, timeout=TIMEOUT_SECONDS)
    answer.raise_for_status()
    return answer.json()


@schemathesis.auth(refresh_interval=None)
class PersonsToken:
    def get(self, case, context):
        return session.access_token()

    def set(self, case, data, context):
        case.headers = {**(case.headers or {}), "Authorization": f"Bearer {data}"}


def refreshable():
    login = log_in()
    return {"refreshToken": login["tokens"]["refresh_token"], "sessionId": login["sessionId"]}


def cart(base):
    opened = call(base, "POST", "/carts", {"currency": CURRENCY})["id"]
    call(base, "PUT", f"/carts/{opened}/items/{SKU}", {"quantity": 2})
    return opened


def order(base):
    return call(base, "POST", f"/carts/{cart(base)}/checkout", None)["id"]


def somebody():
    name = f"grace-{uuid.uuid4().hex[:12]}"
    return {
        "username": name,
        "email": f"{name}@example.com",
        "password": f"Secret-{uuid.uuid4().hex}",
        "firstName": "Grace",
        "lastName": "Hopper",
    }


# What an operation needs to succeed: path parameters, query, headers, body.
KNOWN = {
    "POST /auth/register": lambda base: {"body": somebody(), "headers": {"Idempotency-Key": uuid.uuid4().hex}},
    "POST /auth/login": lambda base: {"body": PERSON},
    "POST /auth/refresh": lambda base: {"body": refreshable()},
    "POST /auth/logout": lambda base: {"body": refreshable()},
    "DELETE /auth/sessions/{id}": lambda base: {"path": {"id": refreshable()["sessionId"]}},
    "GET /carts/{id}": lambda base: {"path": {"id": cart(base)}},
    "PUT /carts/{id}/items/{sku}": lambda base: {"path": {"id": cart(base), "sku": SKU}},
    "POST /carts/{id}/checkout": lambda base: {"path": {"id": cart(base)}},
    "GET /orders/{id}": lambda base: {"path": {"id": order(base)}},
    "GET /orders": lambda base: {"query": {}},
    "GET /auth/activity": lambda base: {"query": {}},
    "GET /stores/{storeId}/products": lambda base: {"path": {"storeId": STORE}},
    "PUT /stores/{storeId}/products/{sku}": lambda base: {"path": {"storeId": STORE}},
    "GET /stores/{storeId}/orders": lambda base: {"path": {"storeId": STORE}, "query": {}},
    "GET /stores/{storeId}/orders/{id}": lambda base: {"path": {"storeId": STORE, "id": order(base)}},
    "PUT /stores/{storeId}/orders/{id}/status": lambda base: {"path": {"storeId": STORE, "id": order(base)}},
}


@schemathesis.hook
def before_call(context, case, kwargs):
    label = case.operation.label
    if label not in KNOWN or not is_valid(case):
        return
    calls[label] += 1
    if calls[label] % 2 == 0:
        return
    known = KNOWN[label](case.operation.base_url.rstrip("/"))
    if "path" in known:
        case.path_parameters = {**(case.path_parameters or {}), **known["path"]}
    if "headers" in known:
        case.headers = {**(case.headers or {}), **known["headers"]}
    if "body" in known:
        case.body = known["body"]
    if "query" in known:
        case.query = known["query"]


def is_valid(case):
    return case.meta is None or case.meta.generation.mode.is_positive


@schemathesis.hook
def after_call(context, case, response):
    # Methods that an address does not have are tried as well.
    if response.request.method == case.operation.method.upper():
        seen[case.operation.label][str(response.status_code)] += 1
    if response.status_code == 401 or case.operation.label in ("POST /auth/logout-all", "DELETE /auth/sessions/{id}"):
        session.token = None


@atexit.register
def write_seen():
    with open(os.environ["CONFORMANCE_SEEN"], "w", encoding="utf-8") as file:
        json.dump({label: dict(statuses) for label, statuses in seen.items()}, file, indent=1)
