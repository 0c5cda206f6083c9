"""The right end of the first line: what waits, whether the screen stands still, and how the feed is."""

from datetime import datetime, tzinfo

from console.live import FeedState

Words = list[tuple[str, str]]


def clock_words(now: datetime, zone: tzinfo | None) -> str:
    """The time of day. The business's zone is named (`01:39 IST`); None is this computer's, which needs no name."""
    return f"{now:%H:%M}" if zone is None else f"{now:%H:%M %Z}"


def feed_words(feed: FeedState, zone: tzinfo | None, *, unsent: int, held: int | None, unread: int = 0) -> Words:
    """Spans of text and roles. `unsent` counts what waits in the outbox, `held` what a pause holds back (None: no pause),
    `unread` the alerts."""
    words: Words = []
    if unread:
        words.append((f" ◆ {unread} alert{'s' if unread > 1 else ''} ", "warning bold"))
    if unsent:
        words.append((f" ✉ {unsent} not sent ", "draft"))
    if held is not None:
        words.append((f" ‖ paused, {held} held ", "warning bold"))
    match feed.kind:
        case "live":
            return [*words, (" ● live ", "feed-live")]
        case "behind":
            return [*words, (f" ◐ {feed.behind} behind ", "feed-behind")]
        case "offline" if feed.since is not None:
            state = "refused" if feed.why else "offline"
            return [*words, (f" ○ {state} since {feed.since.astimezone(zone):%H:%M} ", "feed-offline bold")]
        case "ended":
            return [*words, (" ○ signed out ", "feed-offline bold")]
    return [*words, (f" ◌ {feed.kind} … ", "muted")]
