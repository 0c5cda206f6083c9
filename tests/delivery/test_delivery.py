"""Letters to staff: by real SMTP and real webhooks to doubles that refuse, delay, hang up and throttle."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select

from backend.client import ApiError
from backend.delivery import carrier, pruning
from backend.delivery.channels import ways
from backend.delivery.models import Channel, Letter
from backend.delivery.schemas import ChannelChange
from backend.demo.outside.pigeonhole import SLACK_PATH, TEAMS_PATH
from backend.work import Work
from tests.delivery.conftest import Post, on_sqlite


@on_sqlite
async def test_a_letter_leaves_once_and_by_smtp(post: Post) -> None:
    await post.add("EMAIL")
    subject = "Risk\r\nBcc: everybody@example.com\x1b[2J is up"
    letter = await post.write(subject=subject, text="Line one\x07\n.\nthe last")
    assert await post.write() == letter, "the same cause is the same letter"
    row = await post.settled(letter)
    (mail,) = post.mail.mails
    assert (row.state, row.attempts, mail.sender, mail.recipients) == (
        "SENT",
        1,
        "desk@example.com",
        ["asha@example.com"],
    )
    assert mail.message["Subject"] == "Risk Bcc: everybody@example.com[2J is up"
    assert mail.message["Bcc"] is None
    assert (mail.message["X-Holdfast-Letter"], mail.message["From"]) == (letter, "Holdfast <desk@example.com>")
    assert mail.text.splitlines() == ["Line one", ".", "the last"]
    assert (await post.owner.delivery.letter(letter)).text == "Line one\n.\nthe last"
    (channel,) = (await post.owner.delivery.channels()).items
    assert (channel.sent, channel.failed, channel.rate, channel.error) == (1, 0, 1.0, None)
    assert channel.hint == "127.0.0.1 as desk@example.com to team@example.com"


@on_sqlite
async def test_what_a_mail_server_refuses_is_over_and_what_it_puts_off_comes_again(post: Post) -> None:
    await post.add("EMAIL")
    post.mail.moods = ["refuses"]
    refused = await post.settled(await post.write(cause="no"))
    assert (refused.state, refused.attempts) == ("FAILED", 1)
    assert "550" in (refused.error or "")
    assert "no such mailbox" in (refused.error or "")
    (dead,) = (await post.owner.jobs.dead_letters())["items"]
    assert (dead["job"], "no such mailbox" in dead["error"]) == ("delivery.send", True)
    post.mail.moods = ["busy", "hangs_up", "takes_and_hangs_up"]
    letter = await post.write(cause="yes")
    row = await post.settled(letter)
    assert (row.state, "451" in (row.error or ""), row.due_at > post.backend.clock.now()) == ("PENDING", True, True)
    for _ in range(3):
        await post.later(minutes=3)
    row = await post.settled(letter)
    assert (row.state, row.attempts, row.error, post.mail.tries) == ("SENT", 4, None, 5)
    ids = [mail.message["X-Holdfast-Letter"] for mail in post.mail.mails]
    assert ids == [letter, letter], "at least once: the answer was lost, and both tell that they are the same"
    assert (await post.owner.delivery.retry(refused.id)).id == refused.id
    assert (await post.settled(refused.id)).state == "SENT"
    with pytest.raises(ApiError, match="has not failed"):
        await post.owner.delivery.retry(refused.id)


@on_sqlite
async def test_slack_and_teams_get_words_that_wake_nobody(post: Post) -> None:
    await post.add("SLACK")
    await post.add("TEAMS")
    text = "<!channel> and <at>everybody</at> @here see [this](https://evil.example)"
    letters = [await post.write(to="", cause=kind, kind=kind, text=text) for kind in ("SLACK", "TEAMS")]
    assert [(await post.settled(id)).state for id in letters] == ["SENT", "SENT"]
    assert sorted(path for path, _ in post.chat.posts) == sorted([SLACK_PATH, TEAMS_PATH])
    for told in post.chat.texts:
        assert "What you" not in told
        assert not any(bad in told for bad in ("<!channel>", "<at>", "@here", "](https"))
        assert "and" in told


@on_sqlite
async def test_a_stopped_channel_takes_nothing_and_the_next_of_its_kind_stands_in(post: Post) -> None:
    first, second = await post.add("SLACK", "ops"), await post.add("SLACK", "night")
    change = post.owner.delivery.change
    stopped = await change(first.id or "", ChannelChange(version=first.version, is_stopped=True))
    assert (stopped.version, stopped.stopped_at) == (2, post.backend.clock.now())
    with pytest.raises(ApiError, match="changed this channel meanwhile") as stale:
        await change(first.id or "", ChannelChange(version=1, name="late"))
    assert (stale.value.code, stale.value.details["current"]["version"]) == ("STALE_VERSION", 2)
    with pytest.raises(ApiError, match="is stopped"):
        await post.owner.delivery.test(first.id or "")
    with pytest.raises(ApiError, match="called night already"):
        await change(first.id or "", ChannelChange(version=2, name="night"))
    any_way = await post.settled(await post.write(to="", cause="any", kind="SLACK"))
    its_own = await post.settled(await post.write(to="", cause="own", kind="SLACK", channel_id=first.id))
    assert (any_way.state, its_own.state) == ("SENT", "FAILED")
    assert "ops is stopped" in (its_own.error or "")
    for id in (first.id, second.id):
        row = next(one for one in (await post.owner.delivery.channels()).items if one.id == id)
        await change(id or "", ChannelChange(version=row.version, is_stopped=True, name=f"{row.name} 2"))
    assert await post.units.read(lambda work: ways(work, ["SLACK", "EMAIL"])) == {"EMAIL": [None]}
    await change(first.id or "", ChannelChange(version=3, is_stopped=False))
    assert (await post.owner.delivery.retry(its_own.id)).id == its_own.id
    assert (await post.settled(its_own.id)).state == "SENT"


@on_sqlite
async def test_a_chat_that_wants_it_later_is_left_alone_until_then(post: Post) -> None:
    channel = await post.add("SLACK")
    post.chat.answers = [(429, 120)]
    first = await post.write(to="", cause="1", kind="SLACK")
    row = await post.settled(first)
    assert (row.state, row.due_at - post.backend.clock.now()) == ("PENDING", timedelta(seconds=120))
    second = await post.write(to="", cause="2", kind="SLACK", channel_id=channel.id)
    assert (await post.settled(second)).state == "PENDING"
    assert post.chat.tries == 1, "the second was not even tried"
    await post.later(seconds=119)
    assert post.chat.tries == 1
    await post.later(seconds=1)
    assert [(await post.settled(id)).state for id in (first, second)] == ["SENT", "SENT"]
    post.chat.answers = [(500, None), (302, None)]
    third = await post.write(to="", cause="3", kind="SLACK")
    assert ("answered 500" in ((await post.settled(third)).error or "")) is True
    await post.later(minutes=1)
    row = await post.settled(third)
    assert (row.state, "answered 302" in (row.error or "")) == ("FAILED", True), "no redirect is followed"
    (shown,) = (await post.owner.delivery.channels()).items
    assert (shown.sent, shown.failed, shown.rate) == (2, 1, 0.6667)
    assert "answered 302" in (shown.error or "")


@on_sqlite
async def test_nobody_listens_then_it_is_tried_for_an_hour(post: Post) -> None:
    await post.add("SLACK", address=f"http://127.0.0.1:9{SLACK_PATH}")
    letter = await post.write(to="", kind="SLACK")
    row = await post.settled(letter)
    for _ in range(carrier.TRIES):
        assert "cannot be reached" in (row.error or "")
        post.backend.clock.advance(minutes=30)
        row = await post.settled(letter)
    assert (row.state, row.attempts) == ("FAILED", carrier.TRIES)


@on_sqlite
async def test_without_a_channel_it_says_what_to_do(post: Post) -> None:
    letter = await post.write()
    row = await post.settled(letter)
    assert row.error == "nothing is set to send mail by: an admin must add a channel (holdfast delivery add email)"
    await post.add("EMAIL")
    await post.owner.delivery.retry(letter)
    assert (await post.settled(letter)).state == "SENT"
    channel = (await post.owner.delivery.channels()).items[0]
    tried = await post.owner.delivery.test(channel.id or "")
    assert (await post.settled(tried.id)).state == "SENT"
    assert post.mail.mails[-1].recipients == ["owner1@example.com"]
    to_team = await post.write(to="", cause="team", kind="EMAIL")
    assert (await post.settled(to_team)).state == "SENT"
    assert post.mail.mails[-1].recipients == ["team@example.com"]
    await post.owner.delivery.remove(channel.id or "")
    gone = await post.write(to="", cause="gone", kind="EMAIL", channel_id=channel.id)
    assert (await post.settled(gone)).error == "the channel that it was for is gone"


@on_sqlite
async def test_words_that_open_something_are_sealed_and_then_gone(post: Post) -> None:
    await post.add("EMAIL")
    vault = post.backend.runtime.vault
    letter = await post.write(cause="reset", text="https://x.test/reset?token=s3cret", vault=vault)
    row = await post.units.read(lambda work: work.get(Letter, letter))
    assert (row.text, "s3cret" in (row.sealed or "")) == (None, False)
    assert (await post.settled(letter)).sealed is None
    assert "s3cret" in post.mail.mails[0].text
    assert (await post.owner.delivery.letter(letter)).text is None
    expires = post.backend.clock.now() + timedelta(minutes=5)
    post.mail.moods = ["busy"]
    late = await post.write(cause="late", text="token=s3cret", vault=vault, expires_at=expires)
    await post.settled(late)
    await post.later(minutes=6)
    row = await post.settled(late)
    assert (row.state, row.error, row.sealed) == ("FAILED", "it would have come too late", None)
    with pytest.raises(ApiError, match="words of this letter are gone"):
        await post.owner.delivery.retry(late)


async def test_a_letter_is_held_by_one_and_a_cause_is_one_letter(post: Post) -> None:
    vault, settings = post.backend.runtime.vault, post.backend.runtime.settings
    await post.add("EMAIL")
    ids = await asyncio.gather(*(post.write(cause="one") for _ in range(8)))
    assert len(set(ids)) == 1
    take = [post.units.write(carrier.take, ids[0], f"job-{number}", vault, settings) for number in range(4)]
    steps = [step for step in await asyncio.gather(*take) if step is not None]
    (step,) = steps
    assert isinstance(step, carrier.Step)
    post.backend.clock.advance(minutes=4)  # whoever held it is gone
    again = await post.units.write(carrier.take, ids[0], "job-9", vault, settings)
    assert again == step
    late = await post.units.write(carrier.settle, step, "job-0", carrier.Outcome("failed", "late"))
    assert late is None, "who lost it settles nothing"
    await post.units.write(carrier.settle, step, "job-9", carrier.Outcome("sent"))
    assert (await post.settled(ids[0])).state == "SENT"
    assert post.mail.tries == 0


@on_sqlite
async def test_channels_and_letters_are_of_one_business(post: Post) -> None:
    channel, letter = await post.add("EMAIL"), await post.write()
    await post.settled(letter)
    stranger = await post.backend.another_owner()
    assert (await stranger.delivery.channels()).items == []
    assert (await stranger.delivery.letters()).items == []
    calls = (
        stranger.delivery.letter(letter),
        stranger.delivery.retry(letter),
        stranger.delivery.test(channel.id or ""),
        stranger.delivery.remove(channel.id or ""),
    )
    for call in calls:
        with pytest.raises(ApiError) as refused:
            await call
        assert refused.value.status == 404
    row = await post.units.read(lambda work: work.session.scalars(select(Channel)).one())
    assert "example.com" not in row.sealed
    with pytest.raises(ApiError, match="already"):
        await post.add("EMAIL")
    supervisor, agent = await post.backend.member("supervisor"), await post.backend.member("agent")
    page = await supervisor.delivery.letters(limit=1)
    assert (page.items[0].id, page.items[0].channel) == (letter, "email")
    with pytest.raises(ApiError) as refused:
        await agent.delivery.letters()
    assert refused.value.status == 403


@on_sqlite
@pytest.mark.settings(slack_url="http://127.0.0.1:9/services/T0/B0/X0")
async def test_the_installation_stands_in_and_letters_are_forgotten(post: Post) -> None:
    (channel,) = (await post.owner.delivery.channels()).items
    assert (channel.id, channel.name, channel.hint) == (None, "the server's Slack", "127.0.0.1 …0/X0")
    await post.add("SLACK", "ours")
    letters = [await post.write(to="", cause=f"c{number}", kind="SLACK") for number in range(3)]
    for letter in letters:
        assert (await post.settled(letter)).state == "SENT", "by the business's own"
        post.backend.clock.advance(seconds=1)
    first = await post.owner.delivery.letters(limit=2)
    second = await post.owner.delivery.letters(limit=2, cursor=first.next_cursor)
    assert [one.id for one in [*first.items, *second.items]] == list(reversed(letters))
    with pytest.raises(ApiError, match="cursor"):
        await post.owner.delivery.letters(cursor="bogus")
    post.backend.clock.advance(days=91)

    def forget(work: Work) -> int:
        return pruning.forget_letters(work, work.now - timedelta(days=90), "")[0]

    assert await post.units.write(forget) == 3
    assert await post.units.read(lambda work: list(work.session.scalars(select(Letter)))) == []
