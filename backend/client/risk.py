"""Churn predictions, their causes, and the models that make them."""

from backend.client.noun import Noun
from backend.risk import schemas as s


class Churn(Noun):
    async def predict(self, customer_id: str) -> s.PredictionRead:
        body = s.CustomerAsked(customer_id=customer_id)
        return await self.transport.call("POST", "/api/v1/churn/predict", s.PredictionRead, body)

    async def explain(self, customer_id: str) -> s.ExplanationRead:
        body = s.CustomerAsked(customer_id=customer_id)
        return await self.transport.call("POST", "/api/v1/causes/explain", s.ExplanationRead, body)

    async def causes(self) -> s.CausesRead:
        return await self.transport.call("GET", "/api/churn-causes", s.CausesRead)

    async def models(self) -> s.ModelList:
        return await self.transport.call("GET", "/api/v1/churn/models", s.ModelList)

    async def train(self) -> None:
        await self.transport.call("POST", "/api/v1/churn/models/train")

    async def put_back(self, target: s.Target, body: s.ModelPut) -> s.ModelRead:
        """Let an earlier version predict again."""
        path = "/api/v1/churn/models/{target}/rollback"
        return await self.transport.call("POST", path, s.ModelRead, body, target=target)
