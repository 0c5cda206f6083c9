"""retention.js for everybody: by keyboard, heard, right to left, in the dark, on a phone, without motion."""

from typing import Any

import pytest

from tests.retention.conftest import SHADOW, Leaving, at, button
from tests.retention.desk import OFFER, STEPS, started

ACTIVE = f"{SHADOW}.activeElement"
DIALOG = f"{SHADOW}.querySelector('dialog')"
CONTRASTS = f"""(() => {{
  const rgb = text => {{
    const c = document.createElement('canvas').getContext('2d');
    c.fillStyle = text; c.fillRect(0, 0, 1, 1);
    return [...c.getImageData(0, 0, 1, 1).data];
  }};
  const light = ([r, g, b]) => [r, g, b].map(v => v / 255).map(v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
  const ground = e => {{
    for (; e; e = e.parentElement) {{ const c = rgb(getComputedStyle(e).backgroundColor); if (c[3] === 255) return c; }}
    return [255, 255, 255];
  }};
  return [...{SHADOW}.querySelectorAll('h2,p,button,label,legend,kbd,.words')].filter(e => e.textContent.trim()).map(e => {{
    const [a, b] = [light(rgb(getComputedStyle(e).color)), light(ground(e))].sort((x, y) => y - x);
    return [(a + .05) / (b + .05), e.textContent];
  }});
}})()"""


async def test_a_screen_reader_finds_a_named_dialog_and_what_can_be_done(leaving: Leaving) -> None:
    page = await leaving.open()
    spoken = await page.spoken()
    assert ("dialog", "Why are you leaving?") in spoken
    assert ("heading", "Why are you leaving?") in spoken
    assert [name for role, name in spoken if role == "radio"] == ["It costs too much", "I do not use it enough"]
    assert ("textbox", "Anything else we should know? (optional)") in spoken
    assert {name for role, name in spoken if role == "button"} == {"Continue", "Skip", "Cancel now", "Close"}
    assert ("link", "Cancel plan") not in spoken, "the page behind is out of reach"
    assert await page.do(f"{ACTIVE}.tagName") == "H2"
    await page.click(button("Continue"))
    await page.until(f"{SHADOW}.querySelector('[role=alert]').textContent")
    assert any(role == "alert" for role, _ in await page.spoken())
    leaving.desk.gate.clear()
    await page.click(button("Skip"))
    await page.until(f"{SHADOW}.querySelector('[role=status]').textContent === 'One moment…'")
    leaving.desk.answers.append(500)
    leaving.desk.gate.set()


async def test_the_focus_stays_inside_and_comes_back(leaving: Leaving) -> None:
    page = await leaving.open(started(OFFER))
    seen: list[Any] = []
    for _ in range(5):
        await page.press("Tab")
        seen.append(await page.do(f"{ACTIVE} && {ACTIVE}.firstChild.textContent"))
        ring = f"(s => s.outlineStyle + parseInt(s.outlineWidth))(getComputedStyle({ACTIVE}))"
        assert await page.do(ring) == "solid3", "it is seen where the focus is"
    assert seen == ["Switch my plan", "No, thanks", "Cancel now", "✕", "Switch my plan"]
    for wanted in ("✕", "Cancel now"):
        await page.press("Shift+Tab")
        assert await page.do(f"{ACTIVE}.firstChild.textContent") == wanted
    await page.press("Escape")
    await page.until("!document.querySelector('holdfast-retention')")
    assert await page.do("document.activeElement.textContent") == "Cancel plan"


async def test_radios_go_by_arrows(leaving: Leaving) -> None:
    page = await leaving.open()
    await page.press("Tab", "Space", "ArrowDown")
    assert await page.do(f"{SHADOW}.querySelectorAll('[name=reason]')[1].checked")
    await page.until(f"{SHADOW}.querySelector('[name=closer]')")
    await page.press("Shift+Tab")
    assert await page.do(f"{ACTIVE}.textContent") == "✕"
    await page.press("Tab")
    assert await page.do(f"{ACTIVE}.checked")


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_everything_can_be_read_in_light_and_in_the_dark(leaving: Leaving, scheme: str) -> None:
    page = await leaving.open()
    await page.prefer(prefers_color_scheme=scheme, prefers_reduced_motion="reduce")
    surface = await page.do(f"getComputedStyle({DIALOG}).backgroundColor")
    assert surface == {"light": "rgb(255, 255, 255)", "dark": "rgb(28, 29, 33)"}[scheme]
    assert await page.do(f"getComputedStyle({DIALOG}).animationName") == "none"
    await page.click(button("Continue"))  # says what is missing
    await page.click(f"{SHADOW}.querySelectorAll('[name=reason]')[1]")
    first = await page.do(CONTRASTS)
    assert {"Please choose one, or skip.", "Only in the season", "C"} <= {text for _, text in first}
    await page.press("c")
    await at(page, "Cancel your subscription?")
    for ratio, text in (*first, *await page.do(CONTRASTS)):
        assert ratio >= 4.5, text


async def test_it_takes_the_looks_of_the_page(leaving: Leaving) -> None:
    leaving.host.scripts["/retention.js"]["theme"] = "dark"
    page = await leaving.open(started(OFFER))
    await page.do("document.documentElement.style.setProperty('--holdfast-accent', 'rgb(1, 2, 3)')")
    await page.do("document.documentElement.style.setProperty('--holdfast-radius', '3px')")
    assert await page.do(f"getComputedStyle({button('Switch my plan')}).backgroundColor") == "rgb(1, 2, 3)"
    assert await page.do(f"getComputedStyle({DIALOG}).borderRadius") == "3px"
    assert await page.do(f"getComputedStyle({DIALOG}).backgroundColor") == "rgb(28, 29, 33)"
    assert await page.do(f"getComputedStyle({DIALOG}).animationName") == "rise"


async def test_it_goes_from_right_to_left(leaving: Leaving) -> None:
    leaving.host.attributes = 'lang="ar" dir="rtl"'
    page = await leaving.open(started(OFFER | {"title": "خطة أصغر؟"}))
    where = "(e => { const r = e.getBoundingClientRect(); return r.left })"
    assert await page.do(f"{where}({button('✕')}) < {where}({SHADOW}.querySelector('h2')) + 10")
    assert await page.do(f"{where}({button('Switch my plan')}) > {where}({button('Cancel now')})")
    assert await page.do(f"{DIALOG}.lang") == "ar"


@pytest.mark.parametrize("kind", STEPS)
async def test_a_thumb_reaches_everything_on_a_small_phone(leaving: Leaving, kind: str) -> None:
    many = [{"code": f"r{number}", "label": f"Reason number {number}"} for number in range(12)]
    step = STEPS[kind] | ({"reasons": many} if kind == "survey" else {"text": "Read this first. " * 60})
    page = await leaving.open(started(step), width=320, height=640)
    await page.resize(320, 640, is_phone=True)
    await page.prefer(prefers_reduced_motion="reduce")
    assert await page.do(f"{DIALOG}.getBoundingClientRect().width") == 320
    assert await page.do("document.documentElement.scrollWidth <= 320")
    sizes = await page.do(f"[...{SHADOW}.querySelectorAll('button,.choice,textarea,select')].map(e => e.offsetHeight)")
    assert min(sizes) >= 44
    seen = "(e => { const r = e.getBoundingClientRect(); return e.getRootNode().elementFromPoint(r.x + r.width / 2, r.y + r.height / 2) === e })"
    now = button("Cancel subscription" if kind == "confirm" else "Cancel now")
    assert await page.do(f"{seen}({now})"), "however much there is to read, the way out is seen"
    if kind != "confirm":
        assert await page.do(f"getComputedStyle({SHADOW}.querySelector('kbd')).display") == "none"
        await page.tap(button("Cancel now"))
        await at(page, "Cancel your subscription?")


async def test_it_speaks_the_words_of_the_page(leaving: Leaving) -> None:
    page = await leaving.visit()
    leaving.desk.answers.append(started(OFFER))
    words = "{cancelNow: 'Sofort kündigen', cancelKey: 'k', DOWNGRADE: 'Wechseln', confirm: 'Wirklich?', until: 'Bis {date}.'}"
    who = "key: 'hfk_page', customerId: 'c', subscriptionId: 's', lang: 'de', dir: 'ltr'"
    await page.do(f"void Holdfast.retention({{{who}, strings: {words}}}).open()")
    await at(page, "A smaller plan?")
    assert await page.do(f"!!{button('Wechseln')}")
    await page.press("c")
    await page.press("k")
    await at(page, "Wirklich?")
    assert await page.do(f"{SHADOW}.querySelector('#text').textContent") == "Bis 24. Dezember 2026."
