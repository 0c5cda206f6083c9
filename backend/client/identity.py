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

    async def sign_out(self) -> None:
        await self.transport.call("POST", "/api/auth/logout")

    async def me(self) -> s.MeRead:
        return await self.transport.call("GET", "/api/auth/me", s.MeRead)

    async def profile(self) -> s.UserRead:
        return await self.transport.call("GET", "/api/users/me", s.UserRead)

    async def change_profile(self, body: s.UserChange) -> s.UserRead:
        return await self.transport.call("PATCH", "/api/users/me", s.UserRead, body)

    async def _hold(self, answer: s.SignInRead) -> s.SignInRead:
        await self.transport.hold(answer.access_token, answer.refresh_token)
        return answer


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

    async def add_member(self, id: str, body: s.MemberAdd) -> s.MemberRead:
        path = "/api/businesses/{business_id}/members"
        return await self.transport.call("POST", path, s.MemberRead, body, business_id=id)

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
