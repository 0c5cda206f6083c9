"""Invitations: who reads the mailbox becomes a member, once, and nobody else does."""

import asyncio
import base64
from typing import Any

import pytest

from backend.client import ApiError, Client
from backend.delivery.schemas import ChannelAdd
from backend.demo.outside.mailbox import Mailbox
from backend.identity.schemas import InvitationAccept, InvitationRead, MemberAdd, MemberChange, SignUp
from backend.identity.totp import code_at, step_at
from tests.identity.mail import letters, mailed
from tests.support.backend import PASSWORD, Backend, business_of

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
ASHA = "asha@example.com"


async def refused(call: Any) -> ApiError:
    with pytest.raises(ApiError) as error:
        await call
    return error.value


async def invite(owner: Client, email: str = ASHA, role: Any = "agent", **more: Any) -> InvitationRead:
    body = MemberAdd(email=email, name="Asha", role=role, **more)
    invited = await owner.businesses.add_member(await business_of(owner), body)
    assert isinstance(invited, InvitationRead)
    return invited


async def accept(client: Client, token: str, password: str = PASSWORD, **more: Any) -> Any:
    return await client.invitations.accept(InvitationAccept(token=token, password=password, **more))


async def member_emails(owner: Client) -> list[str]:
    return [one.email for one in (await owner.businesses.members(await business_of(owner))).items]


@on_sqlite
async def test_an_invitation_goes_by_mail_and_makes_a_member_once(backend: Backend) -> None:
    owner, mailbox = await backend.owner(), Mailbox()
    business = await business_of(owner)
    async with mailbox.served() as smtp:
        channel = {"kind": "EMAIL", "name": "mail", "address": f"{smtp}?from=desk@example.com"}
        await owner.delivery.add(ChannelAdd.model_validate(channel))
        invited = await invite(owner)
        token = await mailed(backend)
        await backend.drain()
        (mail,) = mailbox.mails
    assert (mail.recipients, token in mail.text, "Owner 1" in mail.text) == ([ASHA], True, True)
    (listed,) = (await owner.invitations.list(business)).items
    assert (listed.id, listed.letter_state, listed.is_expired) == (invited.id, "SENT", False)
    assert await letters(backend) == [], "once it has gone nobody knows the code"
    (letter,) = (await owner.delivery.letters()).items
    assert token not in (await owner.delivery.letter(letter.id)).model_dump_json()
    assert ASHA not in await member_emails(owner)

    new = backend.client()
    shown = await new.invitations.show(token)
    assert (shown.email, shown.role, shown.has_account, shown.invited_by) == (ASHA, "agent", False, "Owner 1")
    assert (await refused(accept(new, token, "short"))).details["field"] == "password"
    answer = await accept(new, token, name="Asha Iyer")
    assert (answer.user.name, answer.role, answer.business.id) == ("Asha Iyer", "agent", business)
    assert (await new.identity.me()).member_id == answer.member_id
    assert ASHA in await member_emails(owner)
    assert (await owner.invitations.list(business)).items == []
    assert (await refused(accept(backend.client(), token))).code == "INVITATION_USED"


async def test_of_two_acceptances_at_once_one_counts(backend: Backend) -> None:
    owner = await backend.owner()
    await invite(owner)
    token = await mailed(backend)
    tries = (accept(backend.client(), token, f"{PASSWORD} {number}") for number in range(4))
    answers = await asyncio.gather(*tries, return_exceptions=True)
    errors = [answer for answer in answers if isinstance(answer, ApiError)]
    assert len(errors) == 3, answers
    assert {error.status for error in errors} == {409}
    assert (await member_emails(owner)).count(ASHA) == 1


@on_sqlite
async def test_an_account_made_by_a_stranger_with_a_colleagues_e_mail_gets_nowhere(backend: Backend) -> None:
    owner, mallory = await backend.owner(), backend.client()
    await mallory.identity.sign_up(SignUp(email=ASHA, password="mallory knows", name="Asha"))
    invited = await invite(owner, password=PASSWORD)  # with a password too: the account there keeps its own
    assert invited.letter_state == "PENDING"
    assert [one.id for one in (await mallory.businesses.list()).items] == [await business_of(mallory)]
    error = await refused(mallory.identity.switch(await business_of(owner)))
    assert error.status == 404
    assert (await mallory.identity.me()).user.email == ASHA, "a refused switch leaves the sign-in as it was"
    token = await mailed(backend)
    asha = backend.client()
    told = await mallory.identity.begin_second_factor("mallory knows")
    code = code_at(base64.b32decode(told.secret), step_at(backend.clock.now()))
    await mallory.identity.confirm_second_factor(code)
    assert not (await asha.invitations.show(token)).has_account, "none that anybody has proven"
    assert (await refused(accept(asha, token, "short"))).details["field"] == "password"
    answer = await accept(asha, token, "asha's own one", name="Asha Iyer")
    assert (answer.business.id, answer.user.name) == (await business_of(owner), "Asha Iyer")
    assert (await refused(mallory.identity.me())).code == "SIGN_IN_ENDED"
    assert (await refused(backend.client().identity.sign_in(ASHA, "mallory knows"))).code == "INVALID_CREDENTIALS"
    assert await backend.client().identity.sign_in(ASHA, "asha's own one"), "no code is asked for"


@on_sqlite
async def test_who_works_nowhere_any_more_and_is_asked_gets_a_new_password_by_mail(backend: Backend) -> None:
    owner, other = await backend.owner(), await backend.another_owner()
    await invite(owner)
    asha = backend.client()
    member = await accept(asha, await mailed(backend))
    await owner.businesses.remove_member(await business_of(owner), member.member_id)
    before = len(await letters(backend))
    await asha.identity.forgot_password(ASHA)
    await backend.drain()
    assert len(await letters(backend)) == before, "there is nobody in whose name"
    await invite(other)
    token = await mailed(backend)
    assert (await asha.invitations.show(token)).has_account
    assert (await refused(accept(asha, token, "forgotten"))).code == "INVALID_CREDENTIALS"
    await asha.identity.forgot_password(ASHA)
    await backend.drain()
    await asha.identity.reset_password(await mailed(backend), "another one")
    assert (await accept(asha, token, "another one")).business.id == await business_of(other)


@on_sqlite
async def test_who_proved_their_e_mail_is_added_with_a_password_at_once_and_asked_without(backend: Backend) -> None:
    owner, other = await backend.owner(), await backend.another_owner()
    await invite(owner)
    asha = backend.client()
    await accept(asha, await mailed(backend))
    third = await backend.another_owner()
    assert (await invite(other)).email == ASHA
    body = MemberAdd(email=ASHA, name="Asha", role="agent", password=PASSWORD)
    assert not isinstance(await third.businesses.add_member(await business_of(third), body), InvitationRead)
    joined = await asha.invitations.join(await mailed(backend))
    assert joined.id == await business_of(other)
    assert {one.id for one in (await asha.businesses.list()).items} == {
        await business_of(client) for client in (owner, other, third)
    }


@on_sqlite
async def test_an_invitation_that_no_longer_holds_says_why(backend: Backend) -> None:
    owner, admin = await backend.owner(), await backend.member("admin")
    business, client = await business_of(owner), backend.client()
    invited = await invite(owner)
    first = await mailed(backend)
    error = await refused(owner.businesses.add_member(business, MemberAdd(email=ASHA, name="A", role="agent")))
    assert (error.code, error.details["id"]) == ("INVITATION_EXISTS", invited.id)
    backend.clock.advance(seconds=59)
    soon = await refused(owner.invitations.send_again(business, invited.id))
    assert (soon.status, soon.details["retryAfter"], ASHA in str(soon)) == (429, 1, True)
    assert await mailed(backend) == first, "and it holds still"
    backend.clock.advance(seconds=1)
    await owner.invitations.send_again(business, invited.id)
    second = await mailed(backend)
    assert (await refused(accept(client, first))).code == "INVITATION_UNKNOWN"
    backend.clock.advance(days=7)
    for one in (owner, admin):
        await one.identity.refresh()
    assert (await owner.invitations.list(business)).items[0].is_expired
    assert (await refused(accept(client, second))).code == "INVITATION_EXPIRED"
    await owner.invitations.send_again(business, invited.id)
    await owner.invitations.revoke(business, invited.id)
    assert (await refused(accept(client, await mailed(backend)))).code == "INVITATION_REVOKED"
    assert (await refused(owner.invitations.send_again(business, invited.id))).status == 404
    await invite(admin, role="admin")
    me = (await admin.identity.me()).member_id
    await owner.businesses.change_member(business, me, MemberChange(role="supervisor"))
    assert (await refused(accept(client, await mailed(backend)))).code == "INVITATION_VOID"
    assert ASHA not in await member_emails(owner)


@on_sqlite
async def test_invitations_are_for_admins_of_the_business_and_nobody_hands_out_more(backend: Backend) -> None:
    owner, admin, agent = await backend.owner(), await backend.member("admin"), await backend.member("agent")
    stranger, business = await backend.another_owner(), await business_of(owner)
    invited = await invite(owner, role="owner")
    assert (await refused(agent.invitations.list(business))).code == "ROLE_MISSING"
    assert (await refused(stranger.invitations.list(business))).status == 404
    assert (await refused(stranger.invitations.revoke(await business_of(stranger), invited.id))).status == 404
    assert (await refused(admin.invitations.send_again(business, invited.id))).code == "ROLE_MISSING"
    assert (await refused(admin.invitations.revoke(business, invited.id))).code == "ROLE_MISSING"
    assert (await refused(invite(admin, "b@example.com", role="owner"))).code == "ROLE_MISSING"
    wrong = await refused(agent.invitations.join(await mailed(backend)))
    assert wrong.code == "INVITATION_FOR_ANOTHER"
