"""What becomes of members later."""

from backend.identity import availability, passwords, pruning
from backend.jobs.registry import JobContext, cron, job


@job()
async def go_offline(ctx: JobContext, *, member_id: str) -> None:
    """Nobody of theirs has connected again: they are OFFLINE."""
    await ctx.write(availability.go_offline, member_id)


@job()
async def mail_reset(ctx: JobContext, *, reset_id: str) -> None:
    """Mail the code for a new password, if there is an account."""
    await ctx.write(passwords.mail, reset_id, ctx.runtime.vault, ctx.runtime.settings.public_url.rstrip("/"))


@cron("25 21 * * *", scope="installation")
@job(queue="slow")
async def forget_attempts(ctx: JobContext) -> None:
    """Forget who asked for a new password, or began to sign in elsewhere, and did not go on."""
    await ctx.write(pruning.forget_attempts)
