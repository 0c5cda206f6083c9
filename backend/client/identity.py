"""Signing in, businesses and members, API keys."""

from backend.client.noun import Noun
from backend.core.wire import Page
from backend.identity import schemas as s


class Identity(Noun):
    async def sign_up(self, body: s.SignUp) -> s.SignInRead:
        return await self._hold(await self.transport.call("POST", "/api/auth/signup", s.SignInRead, body))

    async def sign_in(self, email: str, password: str) -> s.SignInRead:
        body = s.Credentials(email=email, password=password)
        return await self._hold(await self.transport.call("POST", "/api/auth/login", s.SignInRead, body))

    async def refresh(self) -> s.SignInRead:
        body = s.RefreshRequest(refresh_token=self.transport.refresh_token or "")
        return await self._hold(await self.transport.call("POST", "/api/auth/refresh", s.SignInRead, body))

    async def sign_in_with_code(self, challenge: str, code: str) -> s.SignInRead:
        body = s.CodeGiven(challenge=challenge, code=code)
        return await self._hold(await self.transport.call("POST", "/api/auth/login/code", s.SignInRead, body))

    def google_url(self, challenge: str) -> str:
        """What to open in a browser."""
        return f"{self.transport.url}/api/auth/google?challenge={challenge}"

    async def begin_google(self, challenge: str) -> str:
        """Where Google is, as a browser would be told; refused where it is not set up."""
        answer = await self.transport.raw("GET", "/api/auth/google", params={"challenge": challenge})
        return str(answer.headers["location"])

    async def finish_google(self, state: str, code: str) -> s.TerminalCode:
        query = {"state": state, "code": code}
        return await self.transport.call("GET", "/api/auth/google/callback", s.TerminalCode, **query)

    async def collect_google(self, verifier: str, code: str) -> s.SignInRead:
        body = s.CollectSignIn(verifier=verifier, code=code)
        return await self._hold(await self.transport.call("POST", "/api/auth/google/collect", s.SignInRead, body))

    async def switch(self, business_id: str) -> s.SignInRead:
        body = s.SwitchTo(business_id=business_id)
        return await self._hold(await self.transport.call("POST", "/api/auth/switch", s.SignInRead, body))

    async def sign_out(self) -> None:
        await self.transport.call("POST", "/api/auth/logout")

    async def forgot_password(self, email: str) -> None:
        await self.transport.call("POST", "/api/auth/forgot", None, s.ForgotPassword(email=email))

    async def reset_password(self, token: str, password: str) -> None:
        await self.transport.call("POST", "/api/auth/reset", None, s.PasswordResetBy(token=token, password=password))

    async def me(self) -> s.MeRead:
        return await self.transport.call("GET", "/api/auth/me", s.MeRead)

    async def profile(self) -> s.UserRead:
        return await self.transport.call("GET", "/api/users/me", s.UserRead)

    async def change_profile(self, body: s.UserChange) -> s.UserRead:
        return await self.transport.call("PATCH", "/api/users/me", s.UserRead, body)

    async def mail_proof(self) -> None:
        await self.transport.call("POST", "/api/users/me/email/prove", None)

    async def prove_email(self, code: str) -> s.UserRead:
        return await self.transport.call("POST", "/api/users/me/email/proven", s.UserRead, s.OneCode(code=code))

    async def change_password(self, current: str, password: str) -> s.Ended:
        body = s.PasswordChange(current=current, password=password)
        return await self.transport.call("POST", "/api/users/me/password", s.Ended, body)

    async def check_password(self, password: str) -> None:
        body = s.PasswordGiven(password=password)
        await self.transport.call("POST", "/api/users/me/password/check", None, body)

    async def sign_ins(self) -> Page[s.OpenSignIn]:
        return await self.transport.call("GET", "/api/users/me/sign-ins", Page[s.OpenSignIn])

    async def end_sign_in(self, id: str) -> None:
        await self.transport.call("DELETE", "/api/users/me/sign-ins/{sign_in_id}", sign_in_id=id)

    async def end_other_sign_ins(self) -> s.Ended:
        return await self.transport.call("POST", "/api/users/me/sign-ins/end-others", s.Ended)

    async def second_factor(self) -> s.SecondFactorRead:
        return await self.transport.call("GET", "/api/users/me/second-factor", s.SecondFactorRead)

    async def begin_second_factor(self, password: str) -> s.SecondFactorBegun:
        body = s.PasswordGiven(password=password)
        return await self.transport.call("POST", "/api/users/me/second-factor", s.SecondFactorBegun, body)

    async def confirm_second_factor(self, code: str) -> s.RecoveryCodes:
        path = "/api/users/me/second-factor/confirm"
        return await self.transport.call("POST", path, s.RecoveryCodes, s.OneCode(code=code))

    async def renew_recovery_codes(self, *, password: str | None = None, code: str | None = None) -> s.RecoveryCodes:
        body = s.PasswordOrCode(password=password, code=code)
        return await self.transport.call("POST", "/api/users/me/second-factor/recovery-codes", s.RecoveryCodes, body)

    async def end_second_factor(self, password: str, code: str) -> None:
        body = s.PasswordAndCode(password=password, code=code)
        await self.transport.call("POST", "/api/users/me/second-factor/off", None, body)

    async def _hold(self, answer: s.SignInRead) -> s.SignInRead:
        await self.transport.hold(answer.access_token, answer.refresh_token)
        return answer


class Invitations(Noun):
    async def list(self, business_id: str) -> Page[s.InvitationRead]:
        path = "/api/businesses/{business_id}/invitations"
        return await self.transport.call("GET", path, Page[s.InvitationRead], business_id=business_id)

    async def send_again(self, business_id: str, id: str) -> s.InvitationRead:
        path = "/api/businesses/{business_id}/invitations/{invitation_id}/send"
        ids = {"business_id": business_id, "invitation_id": id}
        return await self.transport.call("POST", path, s.InvitationRead, **ids)

    async def revoke(self, business_id: str, id: str) -> None:
        path = "/api/businesses/{business_id}/invitations/{invitation_id}"
        await self.transport.call("DELETE", path, business_id=business_id, invitation_id=id)

    async def show(self, token: str) -> s.InvitationShown:
        body = s.InvitationToken(token=token)
        return await self.transport.call("POST", "/api/invitations/show", s.InvitationShown, body)

    async def accept(self, body: s.InvitationAccept) -> s.SignInRead:
        answer = await self.transport.call("POST", "/api/invitations/accept", s.SignInRead, body)
        await self.transport.hold(answer.access_token, answer.refresh_token)
        return answer

    async def join(self, token: str) -> s.BusinessRead:
        body = s.InvitationToken(token=token)
        return await self.transport.call("POST", "/api/invitations/join", s.BusinessRead, body)


class Businesses(Noun):
    async def list(self) -> Page[s.BusinessRead]:
        return await self.transport.call("GET", "/api/businesses", Page[s.BusinessRead])

    async def create(self, body: s.BusinessCreate) -> s.BusinessRead:
        return await self.transport.call("POST", "/api/businesses", s.BusinessRead, body)

    async def show(self, id: str) -> s.BusinessRead:
        return await self.transport.call("GET", "/api/businesses/{business_id}", s.BusinessRead, business_id=id)

    async def change(self, id: str, body: s.BusinessChange) -> s.BusinessRead:
        return await self.transport.call("PATCH", "/api/businesses/{business_id}", s.BusinessRead, body, business_id=id)

    async def members(self, id: str) -> Page[s.MemberRead]:
        path = "/api/businesses/{business_id}/members"
        return await self.transport.call("GET", path, Page[s.MemberRead], business_id=id)

    async def add_member(self, id: str, body: s.MemberAdd) -> s.MemberRead | s.InvitationRead:
        """The member; the invitation where the owner of the mailbox has to say so first."""
        path = "/api/businesses/{business_id}/members"
        answer = await self.transport.call("POST", path, None, body, business_id=id)
        is_asked = "letterState" in answer
        return s.InvitationRead.model_validate(answer) if is_asked else s.MemberRead.model_validate(answer)

    async def change_member(self, id: str, member_id: str, body: s.MemberChange) -> s.MemberRead:
        path = "/api/businesses/{business_id}/members/{member_id}"
        return await self.transport.call("PATCH", path, s.MemberRead, body, business_id=id, member_id=member_id)

    async def remove_member(self, id: str, member_id: str) -> None:
        path = "/api/businesses/{business_id}/members/{member_id}"
        await self.transport.call("DELETE", path, business_id=id, member_id=member_id)


class Keys(Noun):
    async def list(self) -> Page[s.KeyRead]:
        return await self.transport.call("GET", "/api/keys", Page[s.KeyRead])

    async def create(self, body: s.KeyCreate) -> s.KeyCreated:
        return await self.transport.call("POST", "/api/keys", s.KeyCreated, body)

    async def rotate(self, id: str) -> s.KeyCreated:
        return await self.transport.call("POST", "/api/keys/{key_id}/rotate", s.KeyCreated, key_id=id)

    async def revoke(self, id: str) -> None:
        await self.transport.call("DELETE", "/api/keys/{key_id}", key_id=id)
