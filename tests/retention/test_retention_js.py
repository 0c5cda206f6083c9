"""retention.js in a real browser: a customer leaves or stays, whatever the network does, and the page around is safe."""

import gzip
from typing import Any

import httpx
import pytest

from tests.retention.conftest import ATTRIBUTES, SHADOW, Leaving, at, button, title
from tests.retention.desk import CONFIRM, FILE, MESSAGE, OFFER, STEPS, SURVEY, decided, started
from tests.support.backend import Backend

LINK = "document.querySelector('[data-holdfast-cancel]')"
ACTIVE = f"{SHADOW}.activeElement"


async def test_a_customer_says_why_and_takes_a_smaller_plan(leaving: Leaving) -> None:
    page = await leaving.open(started(), decided(step=OFFER), decided("SAVED", message="From 24 December: Mini Meals."))
    globals_before = await page.do("Object.keys(window).length")
    await page.click(f"{SHADOW}.querySelectorAll('[name=reason]')[1]")
    await page.until(f"{SHADOW}.querySelectorAll('[name=closer]').length === 2")
    await page.click(f"{SHADOW}.querySelectorAll('[name=closer]')[0]")
    await page.do(f"{SHADOW}.querySelector('textarea').focus()")
    await page.write("See you at Diwali")
    await page.press("c")  # a letter there, and no short cut
    await page.click(button("Continue"))
    await at(page, "A smaller plan?")
    assert await page.do(f"{SHADOW}.querySelector('.words').textContent") == "Mini Meals for ₹499 a month"
    await page.click(button("Switch my plan"))
    await at(page, "You are staying. Thank you!")
    assert await page.do(f"{SHADOW}.querySelector('#text').textContent") == "From 24 December: Mini Meals."
    why = {"reason": "unused", "followUp": "season", "comment": "See you at Diwalic"}
    assert leaving.desk.done == [
        {"customerId": "c-42", "subscriptionId": "sub_1"},
        {"offerType": "SURVEY", "accepted": True, "step": 0, **why},
        {"offerType": "DOWNGRADE", "accepted": True, "step": 1, **why},
    ]
    assert [path for path, _, _ in leaving.desk.calls][1] == "/api/retention/run-1/decision"
    assert (await page.do("told"), page.troubles) == (["SAVED"], [])
    await page.click(button("Close"))
    await page.until("!document.querySelector('holdfast-retention')")
    assert await page.do("Object.keys(window).filter(name => name !== 'told').length") == globals_before


@pytest.mark.parametrize("kind", STEPS)
async def test_to_cancel_is_one_key_away_at_every_step(leaving: Leaving, kind: str) -> None:
    """And at the end one more, without the mouse: what is shown last says until when there is access."""
    step = STEPS[kind]
    page = await leaving.open(started(step), decided("CANCELLED"))
    await at(page, step["title"])
    now = "Cancel subscription" if kind == "confirm" else "Cancel now"
    shown = f"(b => b.checkVisibility() && b.getBoundingClientRect().bottom <= innerHeight)({button(now)})"
    assert await page.do(shown), "it is seen"
    await page.press("c")
    if kind != "confirm":
        await at(page, "Cancel your subscription?")
        await page.press("Tab")
        assert await page.do(f"{ACTIVE}.textContent") == "Cancel subscription"
        await page.press("Enter")
    await at(page, "Your subscription is cancelled")
    assert await page.do(f"{SHADOW}.querySelector('#text').textContent") == "You keep access until December 24, 2026."
    said: dict[str, Any] = {"offerType": "CONFIRM", "accepted": True, "step": 3}
    assert leaving.desk.done[1:] == [said if kind == "confirm" else {"offerType": "CANCEL", "accepted": True}]
    assert await page.do("told") == ["CANCELLED"]


async def test_who_changes_their_mind_goes_back_or_stays(leaving: Leaving) -> None:
    page = await leaving.open(
        started(MESSAGE), decided(step=CONFIRM | {"reasons": SURVEY["reasons"]}), decided("ABANDONED")
    )
    await page.press("c")
    await at(page, "Cancel your subscription?")
    await page.click(button("Go back"))
    await at(page, "Before you go")
    await page.click(button("Continue"))
    await at(page, "Cancel Feast Club?")
    assert await page.do(f"{SHADOW}.querySelectorAll('option').length") == 3
    await page.click(button("Keep my subscription"))
    await at(page, "Nothing has changed")
    assert leaving.desk.done[-1] == {"offerType": "CONFIRM", "accepted": False, "step": 3}


async def test_a_reason_is_asked_for_and_may_be_kept(leaving: Leaving) -> None:
    page = await leaving.open(started(), decided(step=CONFIRM))
    await page.click(button("Continue"))
    await page.until(f"{SHADOW}.querySelector('[role=alert]').textContent === 'Please choose one, or skip.'")
    assert len(leaving.desk.calls) == 1
    await page.click(f"{SHADOW}.querySelectorAll('[name=reason]')[0]")
    await page.click(button("Skip"))
    await at(page, "Cancel Feast Club?")
    assert leaving.desk.done[1:] == [{"offerType": "SURVEY", "accepted": False, "step": 0}]


async def test_a_double_click_decides_once(leaving: Leaving) -> None:
    other = OFFER | {"number": 2, "offerType": "PAUSE", "title": "A pause?"}
    page = await leaving.open(started(OFFER), decided(step=other), decided("SAVED"))
    leaving.desk.gate.clear()
    await page.click(button("No, thanks"), times=2)
    await page.until(f"{SHADOW}.querySelector('dialog').ariaBusy === 'true'")
    await page.click(button("Switch my plan"))
    await page.press("c")
    assert await page.do(title()) == "A smaller plan?"
    leaving.desk.gate.set()
    await at(page, "A pause?")
    assert leaving.desk.done[1:] == [{"offerType": "DOWNGRADE", "accepted": False, "step": 1}]
    late = (
        "new MouseEvent('click', {detail: 2, bubbles: true})"  # the second one, when the next step stands there already
    )
    await page.do(f"{button('No, thanks')}.dispatchEvent({late}), {button('Cancel now')}.dispatchEvent({late})")
    assert (await page.do(title()), len(leaving.desk.calls)) == ("A pause?", 2)
    await page.click(button("Pause instead"), times=2)
    await at(page, "You are staying. Thank you!")
    assert len(leaving.desk.calls) == 3


@pytest.mark.parametrize("failure", [500, 503, 408, "lost"])
async def test_what_a_network_lost_is_asked_again_under_the_same_key(leaving: Leaving, failure: int | str) -> None:
    page = await leaving.open(started(OFFER), failure, decided("SAVED"))
    await page.click(button("Switch my plan"))
    await at(page, "You are staying. Thank you!")
    (_, body, key), (_, again, same) = leaving.desk.calls[1:]
    assert (body, key) == (again, same)
    assert key != leaving.desk.calls[0][2]


async def test_when_nothing_helps_the_customer_is_told_and_may_go_elsewhere(leaving: Leaving) -> None:
    page = await leaving.open(started(OFFER), 500, 500, 500, 429, decided("SAVED"))
    await page.click(button("Switch my plan"))
    await page.until(f"{SHADOW}.querySelector('[role=alert]').textContent")
    assert await page.do(f"{SHADOW}.querySelector('[role=alert] a').href") == f"{leaving.url}/goodbye"
    assert await page.do(f"{SHADOW}.querySelector('dialog').ariaBusy") is None
    await page.click(button("Switch my plan"))
    await at(page, "You are staying. Thank you!")
    assert len({key for _, _, key in leaving.desk.calls[1:]}) == 1


@pytest.mark.parametrize("answers", [[500, 500, 500], [403], [404], ["offline"]])
async def test_nobody_is_kept_from_cancelling_because_we_are_down(leaving: Leaving, answers: list[Any]) -> None:
    leaving.desk.answers += answers
    page = await leaving.visit()
    if answers == ["offline"]:
        await page.do("window.fetch = async () => { throw new TypeError('Failed to fetch') }")
    await page.click(LINK)
    await page.until("location.pathname === '/goodbye'")


async def test_who_does_not_want_to_wait_for_us_need_not(leaving: Leaving) -> None:
    leaving.desk.answers.append(started())
    leaving.desk.gate.clear()
    page = await leaving.visit(
        before="setTimeout = (real => (act, ms) => real(act, ms === 1500 ? 0 : ms))(setTimeout);"
    )
    await page.click(LINK)
    await page.until(f"document.querySelector('holdfast-retention') && {button('Cancel on another page instead')}")
    await page.press("Tab", "Enter")
    await page.until("location.pathname === '/goodbye'")
    leaving.desk.gate.set()


async def test_what_takes_a_while_is_asked_after(leaving: Leaving) -> None:
    pending = decided(step=OFFER, pending=True)
    page = await leaving.open(started(OFFER), pending, pending, decided("SAVED"))
    await page.click(button("Switch my plan"))
    await at(page, "You are staying. Thank you!")
    asked = leaving.desk.calls[1:]
    assert len({key for _, _, key in asked}) == 3, "a key that was answered gets the same answer for ever"
    assert all(body == asked[0][1] for _, body, _ in asked)
    assert await page.do("told") == ["SAVED"]


@pytest.mark.parametrize("answer", [started(None, outcome="CANCELLED"), (422, "ALREADY_ENDING")])
async def test_a_run_that_is_over_says_so(leaving: Leaving, answer: Any) -> None:
    page = await leaving.open(answer)
    await at(page, "Your subscription is cancelled")
    assert not await page.do(f"!!{button('Cancel now')}")


async def test_the_word_of_the_pages_server_goes_with_every_call(leaving: Leaving) -> None:
    link = f'<a href="/goodbye" {ATTRIBUTES} data-customer-token="5ig">Cancel plan</a>'
    leaving.host.body = f"<main><h1>Account</h1>{link}</main>"
    page = await leaving.open(started(CONFIRM), decided("CANCELLED"))
    await page.press("c")
    await at(page, "Your subscription is cancelled")
    assert [body["customerToken"] for body in leaving.desk.done] == ["5ig", "5ig"]


async def test_a_refusal_is_told_in_its_own_words(leaving: Leaving) -> None:
    page = await leaving.open(started(OFFER, cancelUrl="/api/retention/run-1/decision"), (409, "RUN_ENDED"))
    await page.click(button("Switch my plan"))
    await page.until(f"{SHADOW}.querySelector('[role=alert]').textContent.startsWith('answered 409')")
    assert len(leaving.desk.calls) == 2, "asking again would not help"


@pytest.mark.parametrize("bad_url", ["javascript:window.pwned=1", "/api/retention/run-1/decision", "http://["])
async def test_text_is_text_and_an_address_is_a_page_of_the_web(leaving: Leaving, bad_url: str) -> None:
    leaving.host.body = f"<main><h1>Account</h1><button {ATTRIBUTES}>Cancel plan</button></main>"
    bad = "<img src=x onerror='window.pwned=1'><b>x</b>"
    step = OFFER | {"title": bad, "text": f"{bad}\n{bad}", "offer": {"words": bad}}
    page = await leaving.open(started(step, cancelUrl=bad_url), 500, 500, 500)
    await at(page, bad)
    assert await page.do(f"{SHADOW}.querySelectorAll('img,b').length") == 0
    await page.click(button("Switch my plan"))
    await page.until(f"{SHADOW}.querySelector('[role=alert]').textContent")
    assert await page.do(f"{SHADOW}.querySelectorAll('a').length") == 0
    assert await page.do("window.pwned") is None


async def test_it_breaks_no_page(leaving: Leaving) -> None:
    page = await leaving.visit()
    for options in ("", "null", "{}", "{key: 1}", "{key: 'k', customerId: 'c', subscriptionId: 's', base: {}}"):
        assert await page.do(f"Holdfast.retention({options}).open()") is None
        await page.do("Holdfast.retention().close()")
    leaving.desk.answers += [started(CONFIRM), decided("CANCELLED")]
    options = "{key: 'hfk_page', customerId: 'c', subscriptionId: 's', onOutcome: o => { window.got = o; throw new Error('host') }}"
    await page.do(
        f"window.first = Holdfast.retention({options}).open(), window.same = Holdfast.retention({options}).open(), 0"
    )
    await at(page, "Cancel Feast Club?")
    await page.press("c")
    await at(page, "Your subscription is cancelled")
    assert await page.do("got") == {"outcome": "CANCELLED", "runId": "run-1"}
    await page.press("Escape")
    assert await page.do("Promise.all([first, same])") == ["CANCELLED", "CANCELLED"]
    assert len(leaving.desk.calls) == 2
    assert page.troubles == []


async def test_without_what_it_needs_the_link_is_a_link(leaving: Leaving) -> None:
    page = await leaving.visit(before="delete window.CSSStyleSheet;")
    await page.click(LINK)
    await page.until("location.pathname === '/goodbye'")


def test_it_is_small() -> None:
    assert len(gzip.compress(FILE.read_bytes(), 9)) < 12_000


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_the_script_is_served_to_every_page(backend: Backend) -> None:
    transport = httpx.ASGITransport(backend.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://holdfast") as http:
        answer = await http.get("/retention.js")
        assert (answer.status_code, answer.content) == (200, FILE.read_bytes())
        assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
        assert answer.headers["access-control-allow-origin"] == "*"
        known = await http.get("/retention.js", headers={"if-none-match": answer.headers["etag"]})
        assert (known.status_code, known.content) == (304, b"")
    assert (await (await backend.anonymous()).system.dialog_script()) == FILE.read_text()
