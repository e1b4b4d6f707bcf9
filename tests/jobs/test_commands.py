"""The commands of jobs as a user types them."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from tests.cli.typed import LONGEST, SCRIPT, Done, environment, forked, new_process
from tests.db.conftest import address, own_database
from tests.jobs.conftest import JobModel
from trivet.db import Database
from trivet.jobs import Jobs, Run, chain, job
from trivet.jobs.commands.shown import duration

APP = """\
import asyncio
import os
from pathlib import Path

from trivet import App
from trivet.db import Database
from trivet.jobs import Jobs, Run, WorkerOptions

app = App()
db = app.use(Database(os.environ["DATABASE"], timeout=5.0))
jobs = app.use(Jobs(db, options=WorkerOptions(poll=0.05, grace=20.0)))


@jobs.job(name="main.send", queue="mail")
async def send(to: str) -> str:
    Path(f"{to}.sent").write_text(str(os.getpid()))
    return to


@jobs.job(name="main.fail", max_attempts=1)
def fail(n: int) -> None:
    raise ValueError(f"no {n}")


@jobs.job(name="main.wait")
async def wait(run: Run, name: str) -> None:
    Path(f"{name}.begun").write_text(str(os.getpid()))
    while not Path(f"{name}.go").exists():
        await asyncio.sleep(0.02)
    Path(f"{name}.done").write_text("")


@jobs.job(name="main.tasks")
async def tasks() -> None:
    names = [task.get_name() for task in asyncio.all_tasks()]
    Path("tasks.json").write_text(str(names.count("the worker of jobs")))
"""


@job(name="main.send", queue="mail")
def send(to: str) -> str:
    """Stand for the application's."""
    return to


@job(name="main.fail", max_attempts=1)
def fail(n: int) -> None:
    """Stand for the application's."""


@job(name="main.wait")
def wait(run: Run, name: str) -> None:
    """Stand for the application's."""


@job(name="main.tasks")
def tasks() -> None:
    """Stand for the application's."""


class Post:
    """A folder with the application, its database, and `trivet` typed beside it."""

    def __init__(self, folder: Path, database: Database, url: str) -> None:
        self.folder = folder
        self.database = database
        self.url = url
        (folder / "main.py").write_text(APP)

    def typed(self, *words: str, text: str = "") -> Done:
        return forked(list(words), self.folder, text, DATABASE=self.url)

    def fine(self, *words: str) -> str:
        done = self.typed(*words)
        assert done.code == 0, done.out + done.err
        return done.out

    def started(self, *words: str, stdin: int = subprocess.DEVNULL) -> subprocess.Popen[str]:
        """Type `trivet` and let it run; its lines come through `stdout`."""
        return subprocess.Popen(
            [SCRIPT, *words],
            cwd=self.folder,
            env=environment({"DATABASE": self.url}),
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def path(self, name: str) -> Path:
        return self.folder / name


def until(holds: Callable[[], bool]) -> None:
    """Wait until something holds; fails after a while."""
    end = time.monotonic() + LONGEST / 2
    while not holds():
        assert time.monotonic() < end, "it never came to hold"
        time.sleep(0.02)


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{pid}/stat")
    return not status.exists() or status.read_text().rsplit(")", 1)[1].split()[0] != "Z"


def children_of(pid: int) -> list[int]:
    listed = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False
    )
    return [int(word) for word in listed.stdout.split()]


@pytest.fixture
async def post(tmp_path: Path) -> AsyncIterator[Post]:
    url = f"sqlite:///{tmp_path}/post.db"
    database = Database(url, models=JobModel)
    Jobs(database)
    await database.create_tables()
    yield Post(tmp_path, database, url)
    await database.close()


@pytest.fixture
async def post_anywhere(kind: str, worker_id: str, tmp_path: Path) -> AsyncIterator[Post]:
    """Give one on each kind of server."""
    given = f"sqlite:///{tmp_path}/post.db" if kind == "sqlite" else address(kind)
    async with own_database(given, f"{worker_id}_post", models=JobModel) as database:
        Jobs(database)
        await database.create_tables()
        url = database.driver.url.set(drivername=kind)
        yield Post(tmp_path, database, url.render_as_string(hide_password=False))


async def test_jobs_are_run_and_listed(post_anywhere: Post) -> None:
    async with post_anywhere.database.transaction():
        sent = await send.enqueue("ann")

    post_anywhere.fine("worker", "--until-empty")
    listed = json.loads(post_anywhere.fine("jobs", "list", "--json"))

    assert post_anywhere.path("ann.sent").exists()
    assert [(one["id"], one["state"]) for one in listed] == [(sent.id, "done")]


@pytest.mark.slow
async def test_jobs_are_run_listed_shown_and_set_right(post: Post) -> None:
    async with post.database.transaction():
        sent = await send.enqueue("ann")
        dead = await fail.enqueue(7)

    worked = post.fine("worker", "--until-empty")
    listed = post.fine("jobs", "list")
    shown = post.fine("jobs", "show", str(dead.id))
    counted = json.loads(post.fine("jobs", "stats", "--json"))
    again = post.fine("jobs", "retry", "--all-dead", "--name", "fail")
    ready = json.loads(post.fine("jobs", "list", "--state", "ready", "--json"))
    ended = post.fine("jobs", "cancel", str(dead.id))
    purged = post.fine("jobs", "purge", "--state", "cancelled", "--yes")

    assert "queues mail, default, 10 jobs at once." in worked
    assert "1 jobs done, 1 attempts failed" in worked
    assert post.path("ann.sent").exists()
    assert [line.split()[:4] for line in listed.splitlines()[1:]] == [
        [str(dead.id), "dead", "default", "main.fail"],
        [str(sent.id), "done", "mail", "main.send"],
    ]
    assert listed.splitlines()[1].endswith("ValueError: no 7")
    assert f"Job {dead.id}: main.fail  dead\n" in shown
    assert '  arguments       {"n": 7}\n' in shown
    assert 'raise ValueError(f"no {n}")' in shown
    assert [(one["queue"], one["dead"], one["died"]) for one in counted] == [("default", 1, 1)]
    assert again == "1 job is to run again.\n"
    assert [(one["id"], one["attempt"]) for one in ready] == [(dead.id, 0)]
    assert ended == "1 job is cancelled.\n"
    assert purged == "1 job is deleted.\n"


@pytest.mark.slow
async def test_a_queue_is_paused_and_goes_on(post: Post) -> None:
    async with post.database.transaction():
        await send.enqueue("ann")

    first = post.fine("jobs", "pause", "mail")
    again = post.fine("jobs", "pause", "mail")
    stats = post.fine("jobs", "stats")
    worked = post.fine("worker", "--until-empty")
    resumed = [post.fine("jobs", "resume", "mail") for _ in range(2)]
    after = post.fine("worker", "--until-empty", "--queues", "mail", "--concurrency", "3")

    assert first == "The queue mail is paused.\n"
    assert again == "The queue mail is paused already.\n"
    assert stats.splitlines()[1].split()[:2] == ["mail", "1"]
    assert stats.splitlines()[1].endswith("paused")
    assert "0 jobs done" in worked
    assert resumed == ["The queue mail goes on.\n", "The queue mail was not paused.\n"]
    assert "queues mail, 3 jobs at once" in after
    assert "1 jobs done" in after


async def test_a_chain_is_cancelled_as_a_whole(post: Post) -> None:
    async with post.database.transaction():
        last = await chain(wait.step("a"), send.step("b"))

    done = post.typed("jobs", "cancel", str(last.id + 1), "999")

    assert done.out == "1 job is cancelled, and 1 that waited for them.\n"
    assert done.err == "Not job 999: there is no such job, or not any more.\n"
    assert done.code == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["retry"], "Give the numbers of jobs, or --all-dead"),
        (["retry", "1", "--all-dead"], "Give the numbers of jobs, or --all-dead"),
        (["retry", "1", "--queue", "mail"], "Give the numbers of jobs, or --all-dead"),
        (["purge"], "--state is one of done, dead and cancelled"),
        (["purge", "--state", "running", "--yes"], "--state is one of done, dead and cancelled"),
        (["purge", "--state", "dead", "--older-than", "soon", "--yes"], "'soon' is no duration"),
        (["purge", "--state", "dead"], "--yes deletes without asking"),
        (["list", "--state", "gone"], "Invalid value for '--state'"),
    ],
)
async def test_what_is_typed_wrongly_is_said_and_does_nothing(
    post: Post, words: list[str], said: str
) -> None:
    done = post.typed("jobs", *words)

    assert done.code == 2
    assert said in done.err


async def test_a_worker_needs_hands(post: Post) -> None:
    done = post.typed("worker", "--concurrency", "-1")

    assert (done.code, done.err) == (2, "--concurrency and --processes are 1 at least.\n")


async def test_a_job_that_is_not_there_is_said(post: Post) -> None:
    done = post.typed("jobs", "show", "4")

    assert (done.code, done.err) == (1, "there is no job 4, or not any more.\n")


async def test_a_list_that_ends_says_how_to_go_on(post: Post) -> None:
    async with post.database.transaction():
        ids = [(await send.enqueue(f"{n}")).id for n in range(3)]

    done = post.typed("jobs", "list", "--limit", "2")
    rest = post.fine("jobs", "list", "--before", str(ids[1]))

    assert done.err == f"There may be more: --before {ids[1]}\n"
    assert len(rest.splitlines()) == 2


async def test_nothing_to_show_is_said_in_words(post: Post) -> None:
    assert post.fine("jobs", "list") == "There are no such jobs.\n"
    assert post.fine("jobs", "stats") == "Nothing waits, runs or is dead.\n"


@pytest.mark.slow
async def test_deleting_asks_on_a_terminal(post: Post) -> None:
    async with post.database.transaction():
        id = (await send.enqueue("ann")).id
    post.fine("jobs", "cancel", str(id))

    said = []
    for answer in (b"n\n", b"y\n"):
        ours, theirs = pty.openpty()
        process = post.started("jobs", "purge", "--state", "cancelled", stdin=theirs)
        os.close(theirs)
        os.write(ours, answer)
        said.append(process.communicate(timeout=LONGEST)[0])
        os.close(ours)

    assert said == [
        "Delete 1 jobs that are cancelled? [y/N] Nothing is deleted.\n",
        "Delete 1 jobs that are cancelled? [y/N] 1 job is deleted.\n",
    ]


@pytest.mark.parametrize("words", [["worker"], ["worker", "--processes", "2"], ["jobs", "list"]])
def test_a_database_without_the_tables_is_said_with_what_to_do(
    tmp_path: Path, words: list[str]
) -> None:
    (tmp_path / "main.py").write_text(APP)

    done = forked(words, tmp_path, DATABASE=f"sqlite:///{tmp_path}/empty.db")

    assert done.code == 3
    assert "the database has no table trivet_jobs and no trivet_job_marks" in done.err
    assert "trivet makemigrations && trivet migrate" in done.err
    assert "[jobs.no-tables]" in done.err


def test_the_commands_are_listed(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text(APP)

    done = new_process(["--help"], tmp_path, DATABASE="sqlite:///none.db")

    assert "Run jobs without a server" in done.out
    assert "Look at jobs, try them again" in done.out


async def test_no_second_worker_runs_in_the_lifespan(post: Post) -> None:
    async with post.database.transaction():
        await tasks.enqueue()

    post.fine("worker", "--until-empty")

    assert post.path("tasks.json").read_text() == "0"


async def test_sigterm_lets_what_runs_end_and_begins_nothing(post: Post) -> None:
    async with post.database.transaction():
        await wait.enqueue("one")
        left = await wait.enqueue("two")
    worker = post.started("worker", "--concurrency", "1")
    until(post.path("one.begun").exists)

    worker.send_signal(signal.SIGTERM)
    assert worker.stdout is not None
    lines = [worker.stdout.readline() for _ in range(2)]
    worker.send_signal(signal.SIGTERM)  # as some send it to a whole group as well
    post.path("one.go").touch()
    rest, _ = worker.communicate(timeout=LONGEST)

    assert lines[1].startswith("Stopping: no new jobs; those that run have 20 s.")
    assert worker.returncode == 0, rest
    assert post.path("one.done").exists()
    assert not post.path("two.begun").exists()
    assert (await left.status()).state == "ready"
    assert (await left.status()).attempt == 0


async def test_a_second_interrupt_ends_at_once(post: Post) -> None:
    async with post.database.transaction():
        await wait.enqueue("one")
    worker = post.started("worker")
    until(post.path("one.begun").exists)

    worker.send_signal(signal.SIGINT)
    assert worker.stdout is not None
    while not worker.stdout.readline().startswith("Stopping"):
        pass
    worker.send_signal(signal.SIGINT)
    said, _ = worker.communicate(timeout=LONGEST)

    assert worker.returncode == 130
    assert said.startswith("Ended at once.")
    assert not post.path("one.done").exists()


@pytest.mark.slow
async def test_a_process_that_dies_is_replaced_and_all_stop_together(post: Post) -> None:
    async with post.database.transaction():
        await wait.enqueue("one")
    supervisor = post.started("worker", "--processes", "2")
    until(post.path("one.begun").exists)
    victim = int(post.path("one.begun").read_text())
    before = children_of(supervisor.pid)

    os.kill(victim, signal.SIGKILL)
    until(lambda: len(set(children_of(supervisor.pid)) - set(before)) == 1)
    after = children_of(supervisor.pid)
    async with post.database.transaction():
        await send.enqueue("ann")
    until(post.path("ann.sent").exists)
    supervisor.send_signal(signal.SIGTERM)
    said, _ = supervisor.communicate(timeout=LONGEST)

    assert victim in before
    assert len(before) == 2
    assert supervisor.returncode == 0, said
    assert f"Process {victim} ended (SIGKILL); another one starts in 1 s." in said
    assert said.endswith("All processes have ended.\n")
    assert not any(is_alive(pid) for pid in after)


@pytest.mark.slow
async def test_processes_end_when_their_supervisor_is_killed(post: Post) -> None:
    async with post.database.transaction():
        await wait.enqueue("one")
    supervisor = post.started("worker", "--processes", "2")
    until(post.path("one.begun").exists)
    children = children_of(supervisor.pid)

    supervisor.kill()
    post.path("one.go").touch()
    supervisor.communicate(timeout=LONGEST)  # which they hold the other end of, too

    until(lambda: not any(is_alive(pid) for pid in children))
    assert post.path("one.done").exists()


def test_durations_are_read_in_their_largest_unit() -> None:
    found = [duration(seconds) for seconds in (0.24, 9.9, 42, 125, 7300, 200_000)]

    assert found == ["0.2 s", "9.9 s", "42 s", "2 min", "2 h", "2 d"]
