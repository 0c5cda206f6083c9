"""Context, signals, friction, tracking: what a customer's app says."""

from typing import Any

from backend.client.noun import Noun
from backend.signals import schemas as s


class Context(Noun):
    async def show(self, user_id: str) -> s.ContextRead:
        return await self.transport.call("GET", "/context/{user_id}", s.ContextRead, user_id=user_id)

    async def set_screen(self, user_id: str, body: s.ScreenPut) -> s.ContextRead:
        return await self.transport.call("PUT", "/context/{user_id}/screen", s.ContextRead, body, user_id=user_id)

    async def set_cart(self, user_id: str, body: s.CartPut) -> s.ContextRead:
        return await self.transport.call("PUT", "/context/{user_id}/cart", s.ContextRead, body, user_id=user_id)

    async def signal(self, user_id: str, body: s.SignalPost) -> s.SignalAnswer:
        return await self.transport.call("POST", "/context/{user_id}/signals", s.SignalAnswer, body, user_id=user_id)


class Friction(Noun):
    async def detect(self, body: s.FrictionJudge) -> s.FrictionVerdict:
        return await self.transport.call("POST", "/friction/detect", s.FrictionVerdict, body)

    async def signal(self, body: s.UserSignalPost) -> s.SignalAnswer:
        return await self.transport.call("POST", "/friction/signals", s.SignalAnswer, body)

    async def thresholds(self) -> dict[str, Any]:
        return dict(await self.transport.call("GET", "/friction/thresholds"))

    async def set_thresholds(self, body: dict[str, Any]) -> dict[str, Any]:
        return dict(await self.transport.call("PUT", "/friction/thresholds", None, body))


class Tracking(Noun):
    async def track(self, *events: s.TrackEvent) -> s.TrackAnswer:
        body = {"events": [event.model_dump(mode="json", by_alias=True, exclude_unset=True) for event in events]}
        return await self.transport.call("POST", "/api/track", s.TrackAnswer, body)
