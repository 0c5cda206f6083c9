"""/api/auth and /api/users/me: signing in and out, and one's own account."""

from typing import TypeVar

from fastapi import Request

from backend.core.errors import Forbidden, Unauthenticated
from backend.core.security import hash_password, password_matches
from backend.core.wire import Page
from backend.identity import passwords, proving, second_step, service, sign_ins, totp
from backend.identity.asking import address, anonymous, limit, place
from backend.identity.schemas import (
    CodeGiven,
    Credentials,
    Ended,
    ForgotPassword,
    MeRead,
    OneCode,
    OpenSignIn,
    PasswordAndCode,
    PasswordChange,
    PasswordGiven,
    PasswordOrCode,
    PasswordResetBy,
    RecoveryCodes,
    RefreshRequest,
    SecondFactorBegun,
    SecondFactorRead,
    SignInRead,
    SignUp,
    SwitchTo,
    UserChange,
    UserRead,
)
from backend.runtime import Runtime
from backend.unit import RequestUnits, Router, RuntimeOf, Unit

T = TypeVar("T")
router = Router(prefix="/api", tags=["identity"])


@router.post("/auth/signup", status_code=201)
async def sign_up(body: SignUp, request: Request, runtime: RuntimeOf) -> SignInRead:
    """A new account, and a business whose owner it is."""
    runtime.sign_in_limit.hit("signup", address(request))
    hashed = await hash_password(body.password, runtime.settings.bcrypt_cost)
    units = anonymous(request, runtime)
    return await units.write(sign_ins.sign_up, body, hashed, runtime.settings, place(request))


@router.post("/auth/login")
async def sign_in(body: Credentials, request: Request, runtime: RuntimeOf) -> SignInRead:
    """Sign in with e-mail and password, at the business used last. Where codes are asked for, 401 SECOND_FACTOR_REQUIRED
    holds the `challenge` that /api/auth/login/code takes."""
    limit(runtime, request, "account", body.email)
    found = await runtime.database.read(lambda session: sign_ins.find_user(session, body.email))
    hashed = found[1] if found else None
    if not await password_matches(body.password, hashed, runtime.settings.bcrypt_cost) or found is None:
        raise Unauthenticated("E-mail or password is wrong.", code="INVALID_CREDENTIALS")
    units = anonymous(request, runtime)
    return await units.write(second_step.sign_in, found[0], hashed, runtime.settings, place(request))


@router.post("/auth/login/code")
async def sign_in_with_code(body: CodeGiven, request: Request, runtime: RuntimeOf) -> SignInRead:
    """The second step: a code of the authenticator, or one to recover by."""
    limit(runtime, request)
    units = anonymous(request, runtime)
    answer = await units.write(second_step.finish, body, runtime.settings, place(request), runtime.vault)
    return _right(answer)


@router.post("/auth/refresh")
async def refresh(body: RefreshRequest, request: Request, runtime: RuntimeOf) -> SignInRead:
    """New tokens for a refresh token, which is used up by this. Seen again, it ends the sign-in."""
    answer = await anonymous(request, runtime).write(sign_ins.refresh, body.refresh_token, runtime.settings)
    if answer is None:
        runtime.gate.forget()
        raise Unauthenticated(
            "This refresh token was used before, so the sign-in has been ended. Sign in again.",
            code="REFRESH_TOKEN_REUSED",
        )
    return answer


@router.post("/auth/logout", status_code=204)
async def sign_out(unit: Unit, runtime: RuntimeOf) -> None:
    """End this sign-in."""
    await unit.write(sign_ins.sign_out, unit.caller.sign_in_id or "")
    runtime.gate.forget()


@router.get("/auth/me")
async def me(unit: Unit) -> MeRead:
    """Who is signed in."""
    return await unit.read(service.me, _user(unit))


@router.post("/auth/switch")
async def switch(body: SwitchTo, unit: Unit, request: Request, runtime: RuntimeOf) -> SignInRead:
    """Tokens for another business of one's own; this sign-in ends."""
    ids = _user(unit), unit.caller.sign_in_id or ""
    answer = await unit.unkept.write(sign_ins.switch, *ids, body.business_id, runtime.settings, place(request))
    runtime.gate.forget()
    return answer


@router.post("/auth/forgot", status_code=202)
async def forgot_password(body: ForgotPassword, request: Request, runtime: RuntimeOf) -> None:
    """Mail a code for a new password, if there is such an account. The answer does not tell."""
    limit(runtime, request, "forgot", body.email)
    await anonymous(request, runtime).write(passwords.ask, body.email)


@router.post("/auth/reset", status_code=204)
async def reset_password(body: PasswordResetBy, request: Request, runtime: RuntimeOf) -> None:
    """Set a new password by a mailed code. Every sign-in ends. A second factor stays, but for an account whose e-mail
    nobody had proven: whoever made that may be a stranger, so that, API keys and invitations end too."""
    limit(runtime, request)
    units = anonymous(request, runtime)
    await units.read(passwords.expect_token, body.token)
    hashed = await hash_password(body.password, runtime.settings.bcrypt_cost)
    await units.write(passwords.reset, body.token, hashed)
    runtime.gate.forget()


@router.get("/users/me")
async def own_profile(unit: Unit) -> UserRead:
    """One's own profile."""
    return (await unit.read(service.me, _user(unit))).user


@router.patch("/users/me")
async def change_own_profile(body: UserChange, unit: Unit, runtime: RuntimeOf) -> UserRead:
    """Change one's own name or picture."""
    changed = await unit.write(service.change_user, _user(unit), body)
    runtime.gate.forget()
    return changed


@router.post("/users/me/password")
async def change_password(body: PasswordChange, unit: Unit, runtime: RuntimeOf) -> Ended:
    """Another password. Every other sign-in ends."""
    await _expect_password(unit, runtime, body.current)
    hashed = await hash_password(body.password, runtime.settings.bcrypt_cost)
    sign_in_id = unit.caller.sign_in_id or ""
    ended = await unit.unkept.write(passwords.change, _user(unit), hashed, sign_in_id)
    runtime.gate.forget()
    return Ended(ended=ended)


@router.post("/users/me/password/check", status_code=204)
async def check_password(body: PasswordGiven, unit: Unit, runtime: RuntimeOf) -> None:
    """Whether this is one's password, as to unlock a screen; 403 WRONG_PASSWORD when it is not."""
    await _expect_password(unit, runtime, body.password)


@router.post("/users/me/email/prove", status_code=202)
async def mail_proof(unit: Unit, runtime: RuntimeOf) -> None:
    """Mail a code by which one proves that the mailbox is one's own. 409 when it is proven."""
    runtime.sign_in_limit.hit("account", unit.caller.email or "")
    await unit.unkept.write(proving.ask, _user(unit), runtime.gate.secret, runtime.vault)


@router.post("/users/me/email/proven")
async def prove_email(body: OneCode, unit: Unit, runtime: RuntimeOf) -> UserRead:
    """Prove it by the mailed code. From then on a new password by mail ends sign-ins, and nothing else."""
    runtime.sign_in_limit.hit("account", unit.caller.email or "")
    return _right(await unit.unkept.write(proving.prove, _user(unit), body.code, runtime.gate.secret), Forbidden)


@router.get("/users/me/sign-ins")
async def list_sign_ins(unit: Unit) -> Page[OpenSignIn]:
    """Where one is signed in: this one first, then the one used last."""
    return Page(items=await unit.read(sign_ins.list_open, _user(unit), unit.caller.sign_in_id or ""))


@router.post("/users/me/sign-ins/end-others")
async def end_other_sign_ins(unit: Unit, runtime: RuntimeOf) -> Ended:
    """End all of one's sign-ins but this one."""
    keep = unit.caller.sign_in_id or ""
    ended = await unit.write(sign_ins.end_all, _user(unit), "ended by its user", keep=keep)
    runtime.gate.forget()
    return Ended(ended=ended)


@router.delete("/users/me/sign-ins/{sign_in_id}", status_code=204)
async def end_sign_in(sign_in_id: str, unit: Unit, runtime: RuntimeOf) -> None:
    """End one of one's sign-ins."""
    await unit.write(sign_ins.end_one, _user(unit), sign_in_id)
    runtime.gate.forget()


@router.get("/users/me/second-factor")
async def second_factor(unit: Unit) -> SecondFactorRead:
    """Whether codes are asked for when one signs in."""
    return await unit.read(totp.read, _user(unit))


@router.post("/users/me/second-factor")
async def begin_second_factor(body: PasswordGiven, unit: Unit, runtime: RuntimeOf) -> SecondFactorBegun:
    """A secret for an authenticator; it counts once a code of it was given."""
    await _expect_password(unit, runtime, body.password)
    return await unit.unkept.write(totp.begin, _user(unit), runtime.vault)


@router.post("/users/me/second-factor/confirm")
async def confirm_second_factor(body: OneCode, unit: Unit, runtime: RuntimeOf) -> RecoveryCodes:
    """Ask for codes from now on. The codes to recover by are shown this once."""
    return _right(await unit.unkept.write(totp.confirm, _user(unit), body.code, runtime.vault), Forbidden)


@router.post("/users/me/second-factor/recovery-codes")
async def renew_recovery_codes(body: PasswordOrCode, unit: Unit, runtime: RuntimeOf) -> RecoveryCodes:
    """Other codes to recover by, shown this once; those of before are void."""
    if body.password is not None:
        await _expect_password(unit, runtime, body.password)
    return _right(await unit.unkept.write(totp.renew, _user(unit), body.code, runtime.vault), Forbidden)


@router.post("/users/me/second-factor/off", status_code=204)
async def end_second_factor(body: PasswordAndCode, unit: Unit, runtime: RuntimeOf) -> None:
    """Ask for codes no more."""
    await _expect_password(unit, runtime, body.password)
    is_right = await unit.unkept.write(totp.switch_off, _user(unit), body.code, runtime.vault)
    _right(is_right or None, Forbidden)


def _user(unit: RequestUnits) -> str:
    return unit.caller.user_id or ""


async def _expect_password(unit: RequestUnits, runtime: Runtime, password: str) -> None:
    """Forbidden, and not Unauthenticated, which would have a client throw its tokens away."""
    runtime.sign_in_limit.hit("account", unit.caller.email or "")
    hashed = await unit.read(passwords.hash_of, _user(unit))
    if not await password_matches(password, hashed, runtime.settings.bcrypt_cost):
        raise Forbidden("The password is wrong.", code="WRONG_PASSWORD")


def _right(answer: T | None, error: type[Forbidden] | type[Unauthenticated] = Unauthenticated) -> T:
    if answer is None:
        raise error("This code is wrong, or was used already. Enter the newest one.", code="WRONG_CODE")
    return answer
