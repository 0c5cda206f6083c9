"""The headless twin of the desk: signing in, the queue, and a case from taking it to reopening it."""

import json
import stat
import subprocess
import sys
from pathlib import Path

from tests.demo.demo_process import ROOT, Demo
from tests.demo.twin.shell import Shell


def test_signing_in_keeps_tokens_for_their_owner_only(agent: Shell, still: Demo) -> None:
    files = list(agent.home.rglob("credentials.json"))
    assert len(files) == 1
    assert stat.S_IMODE(files[0].stat().st_mode) == 0o600
    assert still.password not in files[0].read_text()


def test_signing_in_is_refused_in_words(still: Demo, tmp_path: Path) -> None:
    shell = Shell(still, tmp_path, "")
    assert "HOLDFAST_PASSWORD" in shell.refused("sign-in", still.url, "asha.iyer@thali.example")
    shell.env["HOLDFAST_PASSWORD"] = "wrong"
    assert "wrong" in shell.refused("sign-in", still.url, "asha.iyer@thali.example")
    assert "does not answer" in shell.refused("sign-in", "http://127.0.0.1:9", "asha.iyer@thali.example")
    assert "sign-in URL EMAIL" in shell.refused("queue")
    assert "sign-in URL EMAIL" in shell.refused("queue", "--url", "http://127.0.0.1:9")


def test_the_server_signed_in_to_last_is_meant(still: Demo, agent: Shell) -> None:
    meant = agent.json("macro", "list")
    assert meant["items"]
    assert agent.json("macro", "list", "--url", still.url) == meant
    assert agent.json("macro", "list", "--url", still.url.removeprefix("http://")) == meant


def test_from_a_shell(agent: Shell) -> None:
    """Once as it is typed: a process of its own, its exit codes and its two streams."""
    env = {name: value for name, value in agent.env.items() if value is not None}

    def typed(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "console", *words]
        return subprocess.run(
            command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL
        )

    shown = typed("queue", "--counts", "--json")
    assert (shown.returncode, shown.stderr, json.loads(shown.stdout)["snoozed"] >= 4) == (0, "", True)
    missing = typed("incidence", "show", "INC-999999")
    assert (missing.returncode, missing.stdout) == (1, "")
    assert missing.stderr.startswith("holdfast: There is no incidence")
    assert typed("queue", "--view", "everything").returncode == 2


def test_usage_is_refused_with_2(agent: Shell) -> None:
    assert "everything" in agent.refused("queue", "--view", "everything", code=2)
    agent.refused("queue", "--limit", "0", code=2)
    agent.refused("incidence", "solve", "INC-1001", "--outcome", "lost", code=2)
    agent.refused("incidence", "take", code=2)
    agent.refused("nonsense", code=2)


def test_the_queue_in_text_and_json(agent: Shell) -> None:
    text = agent.text("queue", "--view", "unassigned", "--limit", "5")
    assert text.splitlines()[0].split()[:5] == ["ref", "prio", "status", "waits", "sla"]
    assert text.count("INC-") >= 5
    page = agent.json("queue", "--view", "unassigned", "--limit", "5")
    assert [row["ref"] for row in page["items"]] == [line.split()[0] for line in text.splitlines()[1:6]]
    assert page["nextCursor"]
    following = agent.json("queue", "--view", "unassigned", "--limit", "5", "--cursor", page["nextCursor"])
    assert not {row["ref"] for row in page["items"]} & {row["ref"] for row in following["items"]}
    counts = agent.json("queue", "--counts")
    assert counts["snoozed"] == 5
    assert agent.json("queue", "--q", "p1")["items"][0]["priority"] == 1


def test_hostile_names_reach_no_terminal(agent: Shell) -> None:
    page = agent.run("queue", "--limit", "200").stdout
    assert "[/broken]" in page
    assert not [letter for letter in page if ord(letter) < 32 and letter != "\n"]
    assert "\x9b" not in page


def test_an_incidence_from_taking_to_reopening(agent: Shell) -> None:
    row = next(one for one in agent.json("queue", "--view", "unassigned")["items"] if one["platform"])
    ref = row["ref"]
    assert agent.json("incidence", "take", ref, "--version", str(row["version"]))["agentName"] == "Asha Iyer"
    shown = agent.text("incidence", "show", ref)
    assert ref in shown
    assert "Asha Iyer took it" in shown
    assert "\nSLA        " in shown
    board = agent.json("incidence", "show", ref)
    assert board["incidence"]["ref"] == ref
    assert board["sla"]["dueAt"] == board["incidence"]["slaDueAt"] is not None
    assert "was answered" in agent.text("incidence", "reply", ref, "Namaste, looking into it.")
    assert "has your note" in agent.text("incidence", "note", ref, "Ask the kitchen.")
    assert agent.json("incidence", "status", ref, "open")["status"] == "OPEN"
    assert agent.json("incidence", "assign", ref, "rohan")["agentName"] == "Rohan Kulkarni"
    assert agent.json("incidence", "assign", ref, "none")["agentId"] is None
    assert agent.json("incidence", "assign", ref, "me")["agentName"] == "Asha Iyer"
    assert agent.json("incidence", "snooze", ref, "2h")["status"] == "SNOOZED"
    options = (
        "--outcome",
        "converted",
        "--cause",
        "UPI timed out",
        "--impact",
        "placed",
        "--category",
        "payment_failed",
    )
    solved = agent.json("incidence", "solve", ref, *options)
    assert (solved["status"], solved["outcome"], solved["orderImpact"]) == ("CLOSED", "CONVERTED", "PLACED")
    assert "closed" in agent.refused("incidence", "reply", ref, "One more")
    assert agent.json("incidence", "reopen", ref)["reopenCount"] >= 1


def test_labels_watching_and_verbs_on_many(agent: Shell, admin: Shell) -> None:
    first, second = (row["ref"] for row in agent.json("queue", "--q", "status:open", "--limit", "2")["items"])
    assert {"other", "shell-test"} <= {*agent.json("incidence", "label", first, "Shell Test", "other")["labels"]}
    left = agent.json("incidence", "label", first, "--remove", "other")["labels"]
    assert "shell-test" in left
    assert "other" not in left
    assert "a letter" in agent.refused("incidence", "label", first, "42")
    assert {"label": "shell-test", "count": 1} in agent.json("incidence", "labels")["items"]
    assert len(agent.json("incidence", "watch", first)["watcherIds"]) == 1
    assert first in agent.text("queue", "--q", "watching")
    assert agent.json("incidence", "watch", first, "--off")["watcherIds"] == []
    agent.text("incidence", "label", second, "shell-test")

    made = agent.json("incidence", "link", first, second, "--duplicate", "--reason", "same party")
    assert (made["kind"], made["ref"]) == ("DUPLICATE_OF", second)
    assert second in agent.text("incidence", "links", first)
    assert "off" in agent.text("incidence", "unlink", first, second)
    assert "Say that it is meant" in agent.refused("incidence", "merge", first, second)
    merged = agent.json("incidence", "merge", first, second, "--other-customer", "--reason", "same party")
    assert merged["incidence"]["mergedInto"]["ref"] == second
    assert f"{first} is apart from {second} again" in agent.text("incidence", "unmerge", first)

    tried = agent.json("bulk", "#shell-test", "--label", "second", "--dry-run")
    assert (tried["count"], tried["can"], tried["cannot"]) == (2, 2, [])
    assert "2 match; label would be done to 2" in agent.text("bulk", "#shell-test", "--label", "second", "--dry-run")
    assert "say one thing" in agent.refused("bulk", "#shell-test")
    assert "not 2" in agent.refused("bulk", "#shell-test", "--take", "--watch")
    assert "nobody to ask" in agent.run("bulk", "#shell-test", "--label", "second").stderr
    assert "there are 2 now" in agent.refused("bulk", "#shell-test", "--priority", "1", "--expect", "3")
    done = agent.json("bulk", "#shell-test", "--label", "second", "--yes")
    assert (done["state"], done["done"]) == ("DONE", 2)
    assert "2 done" in agent.text("bulk", "--results", done["bulkId"])
    assert admin.json("bulk", "--undo", done["bulkId"])["undone"] == 2
    assert agent.json("queue", "--q", "#second")["items"] == []

    assert "Spam" in agent.text("macro", "list")
    assert "kept by a supervisor" in agent.refused("macro", "add", "Mine", "--note", "x", "--shared")
    assert "no {nobody}" in agent.refused("macro", "add", "Mine", "--reply", "{nobody}")
    agent.text("macro", "add", "Mine", "--reply", "Hello from {ref}", "--label", "macro-test")
    tried = agent.json("macro", "run", "mine", first, "--dry-run")
    assert (tried["reply"], tried["does"]) == (f"Hello from {first}", ["label #macro-test"])
    assert "would see this" in agent.run("macro", "run", "mine", first).stderr
    assert "macro-test" in agent.json("macro", "run", "mine", first, "--yes")["incidence"]["labels"]
    agent.text("macro", "remove", "Mine")
    assert "no macro" in agent.refused("macro", "run", "mine", first)


def test_stale_and_taken_are_refused(agent: Shell, admin: Shell) -> None:
    row = agent.json("queue", "--view", "unassigned")["items"][-1]
    admin.text("incidence", "note", row["ref"], "I was here")
    assert "Kavya Menon changed" in agent.refused("incidence", "solve", row["ref"], "--version", str(row["version"]))
    admin.text("incidence", "take", row["ref"])
    assert "Kavya Menon has taken" in agent.refused("incidence", "take", row["ref"])
    spoken = next(one for one in agent.json("queue", "--limit", "200")["items"] if one["lastMessageSeq"])
    stale = agent.refused("incidence", "reply", spoken["ref"], "Hello", "--seen", "1")
    assert "arrived while you wrote" in stale
    assert "There is no incidence" in agent.refused("incidence", "show", "INC-999999")
    assert "nobody here" in agent.refused("incidence", "assign", row["ref"], "nobody-of-that-name")
    assert "several" in agent.refused("incidence", "assign", row["ref"], "a")
    assert "no time" in agent.refused("incidence", "snooze", row["ref"], "whenever")


def test_a_channel_climbs_once_by_hand(agent: Shell) -> None:
    row = next(one for one in agent.json("queue", "--limit", "200")["items"] if one["allowedChannels"] == ["CHAT"])
    assert agent.json("incidence", "escalate", row["ref"], "Angry on the phone")["allowedChannels"] == ["CHAT", "CALL"]
    assert "highest channel" in agent.refused("incidence", "escalate", row["ref"], "Again")


def test_the_next_best_says_why(agent: Shell) -> None:
    best = agent.json("next")
    assert best["incidence"]["agentName"] == "Asha Iyer"
    assert best["reasons"]
    assert "because priority" in agent.text("next")
