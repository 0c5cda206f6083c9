"""A model behind HTTP: any server that speaks OpenAI's chat completions, Ollama among them. Called outside transactions."""

import math
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson

from backend.core.text import clean, clean_line
from backend.settings import Settings

if TYPE_CHECKING:
    import httpx

_SECONDS = 60.0
"""Between two pieces of an answer; a model on a small machine thinks long before the first."""
_CONNECT_SECONDS = 5.0
_MOST_TEXT = 60_000
"""Characters of one answer."""
_AT_ONCE = 64
"""Texts embedded by one request."""


class ProviderTrouble(Exception):
    """The model did not answer, or broke off. The text is for people."""


@dataclass
class Asked:
    """A call of a tool that the model wants; `arguments` are what it wrote, which may be no JSON."""

    id: str
    name: str
    arguments: str

    def parsed(self) -> Any:
        """The arguments as an object; the text itself when it is none."""
        try:
            return orjson.loads(self.arguments or "{}")
        except orjson.JSONDecodeError:
            return self.arguments


@dataclass(frozen=True)
class Embedding:
    """What a text means, in numbers, and the model that gave them: those of another model cannot be compared with them."""

    model: str
    numbers: Sequence[float]


@dataclass
class Turn:
    """What the model has said in one turn, piece by piece."""

    text: str = ""
    calls: list[Asked] = field(default_factory=list)


class Provider:
    """One model at one address."""

    def __init__(self, base_url: str, key: str, model: str, embedding_model: str) -> None:
        self.base_url, self.model, self.embedding_model = base_url.rstrip("/"), model, embedding_model
        self._key, self._headers = key, {"authorization": f"Bearer {key}"} if key else {}

    @classmethod
    def of(cls, settings: Settings) -> "Provider | None":
        """The one that the settings name: OpenAI's (or one that speaks like it) before Ollama; None without any."""
        if settings.openai_api_key.get_secret_value() or settings.openai_base_url:
            base = settings.openai_base_url or "https://api.openai.com/v1"
            key = settings.openai_api_key.get_secret_value()
            return cls(base, key, settings.openai_model, settings.openai_embedding_model)
        if settings.ollama_url:
            return cls(
                f"{settings.ollama_url.rstrip('/')}/v1", "", settings.ollama_model, settings.ollama_embedding_model
            )
        return None

    @asynccontextmanager
    async def _http(self) -> "AsyncIterator[httpx.AsyncClient]":
        import httpx

        # The operator chose the address, so it may be on this machine; no certificates are read for a plain one.
        plain = self.base_url.startswith("http://")
        verify = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT) if plain else httpx.create_ssl_context()
        timeout = httpx.Timeout(_SECONDS, connect=_CONNECT_SECONDS)
        async with httpx.AsyncClient(
            timeout=timeout, verify=verify, trust_env=not plain, headers=self._headers
        ) as http:
            yield http

    async def stream(
        self, messages: Sequence[dict[str, Any]], tools: Sequence[dict[str, Any]], turn: Turn
    ) -> AsyncIterator[str]:
        """Pieces of text as they come; `turn` has all of it, with the calls, at the end. ProviderTrouble otherwise."""
        import httpx

        body: dict[str, Any] = {"model": self.model, "messages": list(messages), "stream": True, "temperature": 0.2}
        if tools:
            body["tools"] = list(tools)
        is_whole = False
        try:
            async with (
                self._http() as http,
                http.stream("POST", f"{self.base_url}/chat/completions", json=body) as answer,
            ):
                if answer.is_error:
                    raise ProviderTrouble(self._refused(answer.status_code, await answer.aread()))
                async for line in answer.aiter_lines():
                    data = line.removeprefix("data:").strip() if line.startswith("data:") else ""
                    if data == "[DONE]":
                        is_whole = True
                        break
                    piece, is_last = taken(turn, data)
                    is_whole = is_whole or is_last
                    if piece:
                        yield piece
                    if len(turn.text) > _MOST_TEXT:
                        raise ProviderTrouble("The model does not come to an end; it was stopped.")
        except (httpx.HTTPError, httpx.InvalidURL, ssl.SSLError) as error:
            begun = "broke off" if turn.text or turn.calls else "cannot be reached"
            raise ProviderTrouble(f"The model {begun} ({type(error).__name__}).") from error
        if not is_whole:
            raise ProviderTrouble("The model broke off before the end of its answer.")

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """The embeddings of texts, in order. ProviderTrouble when the model gives none."""
        import httpx

        found: list[list[float]] = []
        try:
            async with self._http() as http:
                for start in range(0, len(texts), _AT_ONCE):
                    body = {"model": self.embedding_model, "input": list(texts[start : start + _AT_ONCE])}
                    answer = await http.post(f"{self.base_url}/embeddings", json=body)
                    if answer.is_error:
                        raise ProviderTrouble(self._refused(answer.status_code, answer.content))
                    rows = sorted(answer.json()["data"], key=lambda row: row["index"])
                    found += [[float(number) for number in row["embedding"]] for row in rows]
        except (httpx.HTTPError, httpx.InvalidURL, ssl.SSLError) as error:
            raise ProviderTrouble(f"The model cannot be reached ({type(error).__name__}).") from error
        except (ValueError, KeyError, TypeError) as error:
            raise ProviderTrouble("The model answered with something that is no embedding.") from error
        if len(found) != len(texts):
            raise ProviderTrouble("The model answered with too few embeddings.")
        if not all(one and math.isfinite(sum(one)) for one in found):
            raise ProviderTrouble("The model answered with something that is no embedding.")
        return found

    def _refused(self, status: int, body: bytes) -> str:
        """Why, in their words: everybody who asks reads those, and some servers say the key again."""
        words = ""
        with suppress(orjson.JSONDecodeError, LookupError, TypeError, AttributeError):
            error = orjson.loads(body)["error"]
            words = clean_line(error if isinstance(error, str) else error["message"])
        words = (words.replace(self._key, "…") if self._key else words)[:200]
        return f"The model refused ({status}){f': {words}' if words else ''}."

    async def embed_one(self, text: str) -> Embedding | None:
        """The embedding of one text; None when there is none to be had, and words have to do."""
        if not self.embedding_model:
            return None
        with suppress(ProviderTrouble):
            return Embedding(self.embedding_model, (await self.embed([text]))[0])
        return None


def taken(turn: Turn, data: str) -> tuple[str, bool]:
    """Add one line of the stream to the turn: the text in it, and whether it is the last. What cannot be read is left out."""
    try:
        choice = orjson.loads(data)["choices"][0]
        delta = _object(choice.get("delta"))
    except (orjson.JSONDecodeError, LookupError, TypeError, AttributeError):
        return "", False
    text = clean(delta["content"]) if isinstance(delta.get("content"), str) else ""
    turn.text += text
    calls = delta.get("tool_calls")
    for one in map(_object, calls if isinstance(calls, list) else ()):
        place, said = one.get("index", len(turn.calls)), _object(one.get("function"))
        if not isinstance(place, int) or not 0 <= place <= len(turn.calls) or place > 20:
            continue
        if place == len(turn.calls):
            turn.calls.append(Asked(str(one.get("id") or f"call_{place}"), "", ""))
        call = turn.calls[place]
        call.name += str(said.get("name") or "")
        call.arguments += str(said.get("arguments") or "")
    return text, choice.get("finish_reason") is not None


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
