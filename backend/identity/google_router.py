"""/api/auth/google: signing in with Google, in a browser for a terminal."""

from typing import Annotated

from fastapi import Query, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse

from backend.core.errors import Failure, Invalid, Unauthenticated
from backend.core.pages import failed, is_browser, page
from backend.core.text import clean_line
from backend.core.verifier import challenge_of
from backend.identity import outside_accounts
from backend.identity.asking import anonymous, limit, place
from backend.identity.google import Google, Secrets, check_ready
from backend.identity.schemas import CollectSignIn, SignInRead, TerminalCode
from backend.runtime import Runtime
from backend.unit import Router, RuntimeOf

router = Router(prefix="/api", tags=["identity"])
_COOKIE = "holdfast_google"
_PATH = "/api/auth/google"
Told = Annotated[str, Query(max_length=2_000)]


@router.get("/auth/google", response_class=RedirectResponse, status_code=302)
async def begin_google(
    request: Request, runtime: RuntimeOf, challenge: Annotated[str, Query(max_length=128)] = ""
) -> Response:
    """Open this in a browser: it goes to Google and comes back with a code for the terminal that holds the verifier of
    `challenge` (RFC 7636, S256)."""
    limit(runtime, request)
    check_ready(runtime.settings)
    if len(challenge) != 43:
        raise Invalid(
            "challenge: begin in your terminal, which makes one (f9 on the sign-in screen).", field="challenge"
        )
    secret = Secrets.new()
    state, browser = await anonymous(request, runtime).write(outside_accounts.begin, challenge, secret, runtime.vault)
    back = _back(request, runtime)
    url = await Google(runtime.settings, runtime.outside, runtime.clock).url(state, secret, back)
    answer = RedirectResponse(url, 302, {"cache-control": "no-store"})
    seconds = int(outside_accounts.HOLDS.total_seconds())
    is_secure = back.startswith("https:")
    answer.set_cookie(_COOKIE, browser, seconds, path=_PATH, secure=is_secure, httponly=True, samesite="lax")
    return answer


@router.get("/auth/google/callback", response_model=TerminalCode)
async def finish_google(
    request: Request, runtime: RuntimeOf, state: Told = "", code: Told = "", error: Told = ""
) -> Response:
    """Where Google sends the browser back: shows the code to type in the terminal. A browser gets a page, programs JSON."""
    try:
        limit(runtime, request)
        check_ready(runtime.settings)
        typed = await _finished(request, runtime, state, code, error)
    except Failure as failure:
        return failed(request, failure, "Not signed in")
    if is_browser(request):
        return page("Type this in your terminal", f"{typed} · It holds once, for a few minutes.")
    return JSONResponse({"code": typed}, headers={"cache-control": "no-store"})


@router.post("/auth/google/collect")
async def collect_google(body: CollectSignIn, request: Request, runtime: RuntimeOf) -> SignInRead:
    """Sign in the terminal that holds the verifier, by the code that the browser shows."""
    limit(runtime, request, "collect", challenge_of(body.verifier))
    arguments = body.verifier, body.code, runtime.settings, place(request), runtime.vault
    return await anonymous(request, runtime).write(outside_accounts.collect, *arguments)


async def _finished(request: Request, runtime: Runtime, state: str, code: str, error: str) -> str:
    units = anonymous(request, runtime)
    browser = request.cookies.get(_COOKIE, "")
    attempt_id, secret = await units.write(outside_accounts.use, state, browser, runtime.vault)
    try:
        if error:
            said = "You said no at Google." if error == "access_denied" else f"Google said {clean_line(error)[:100]}."
            raise Unauthenticated(f"{said} Begin again in your terminal.", code="GOOGLE_DECLINED")
        if not code:
            raise Invalid("code: missing. Google sends it back with the browser, or an error.", code="CODE_MISSING")
        google = Google(runtime.settings, runtime.outside, runtime.clock)
        person = await google.person(code, secret, _back(request, runtime))
        return await units.write(outside_accounts.settle, attempt_id, person, runtime.vault)
    except Failure as failure:
        await units.write(outside_accounts.fail, attempt_id, failure.message)
        raise


def _back(request: Request, runtime: Runtime) -> str:
    return f"{(runtime.settings.public_url or str(request.base_url)).rstrip('/')}{_PATH}/callback"
