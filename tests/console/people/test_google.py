"""Google by `f9` on the sign-in screen: a browser is opened at the right place, and the code that it shows signs in."""

import httpx
from pydantic import SecretStr
from textual.widgets import Static

from backend.demo.outside.openid import CLIENT, SECRET, OpenId
from backend.demo.outside.serve import served
from console.connection import Target
from console.rules.typing_prompt import TypingPrompt
from console.setup.sign_in import SignInScreen
from tests.console.desk.floor import Console, Floor, until
from tests.console.place import burst
from tests.widgets.stage import screen_lines


class Opening(Console):
    """A console whose browser only notes where it is sent."""

    CSS_PATH = Console.CSS_PATH

    def __init__(self, target: Target) -> None:
        super().__init__(target)
        self.opened: list[str] = []

    def open_url(self, url: str, *, new_tab: bool = True) -> None:
        self.opened.append(url)


async def test_f9_signs_in_by_the_code_that_the_browser_shows(floor: Floor) -> None:
    app, double, settings = Opening(Target(floor.url)), OpenId(floor.clock), floor.backend.settings
    app.frozen = floor.clock
    said = lambda: str(app.screen.query_one("#said", Static).content)  # noqa: E731
    async with served(double) as url, app.run_test() as pilot:
        await until(lambda: isinstance(app.screen, SignInScreen) and "Enter your e-mail" in said())
        await pilot.press("f9")
        await until(lambda: "not set up" in said())
        assert app.opened == [], "no browser for what cannot work"
        double.issuer = settings.google_issuer = url
        settings.google_client_id, settings.google_client_secret = CLIENT, SecretStr(SECRET)
        await pilot.press("f9")
        await until(lambda: isinstance(app.screen, TypingPrompt))
        (opened,) = app.opened
        assert opened.startswith(floor.url)
        assert "The code in the browser" in "\n".join(screen_lines(app))
        burst(app, "AAAA-AAAA", "enter")
        await until(lambda: "not" in "\n".join(screen_lines(app)) and not app.screen.query("Input").first().value)
        async with httpx.AsyncClient(trust_env=False, follow_redirects=True) as browser:
            code = (await browser.get(opened, headers={"Accept": "application/json"})).json()["code"]
        burst(app, code, "enter")
        await until(lambda: app.session is not None and app.current_mode == "queue")
        assert app.session is not None
        assert app.session.me.user.email == "asha@example.com"
        assert app.troubles == []
