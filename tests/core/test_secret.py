"""The secret that signs tokens: one for all processes, whole or not at all, and nobody else's to read."""

import secrets
import stat
from pathlib import Path

import pytest

from backend.settings import Settings


def settings(folder: Path) -> Settings:
    return Settings(data_dir=folder, secret="")


def test_a_process_that_starts_while_another_makes_the_secret_has_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, others = secrets.token_hex, list[str]()

    def slowly(length: int) -> str:
        if length == 32 and not others:
            others.append("")
            others[0] = settings(tmp_path).resolved_secret()
        return made(length)

    monkeypatch.setattr(secrets, "token_hex", slowly)
    mine = settings(tmp_path).resolved_secret()
    assert len(mine) == 64
    assert others == [mine]


def test_a_start_that_is_cut_off_leaves_no_empty_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = secrets.token_hex

    def cut_off(length: int) -> str:
        if length == 32:
            raise KeyboardInterrupt
        return made(length)

    monkeypatch.setattr(secrets, "token_hex", cut_off)
    with pytest.raises(KeyboardInterrupt):
        settings(tmp_path).resolved_secret()
    monkeypatch.setattr(secrets, "token_hex", made)
    assert len(settings(tmp_path).resolved_secret()) == 64
    assert [path.name for path in tmp_path.iterdir()] == ["secret"]


def test_an_empty_secret_is_refused(tmp_path: Path) -> None:
    (tmp_path / "secret").touch()
    with pytest.raises(ValueError, match="is empty"):
        settings(tmp_path).resolved_secret()


def test_nobody_else_reads_the_secret_or_the_folder(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    settings(folder).resolved_secret()
    assert stat.S_IMODE((folder / "secret").stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
