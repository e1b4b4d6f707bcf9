"""The lists beside that of requests: exceptions, logs, jobs, cache, mail, the event loop."""

from __future__ import annotations

from collections.abc import Sequence

from trivet.app.debug_html import Html, element, traceback_of
from trivet.devtools.lag import Lag
from trivet.devtools.pages.frame import Site, code, empty, moment, page, section, took
from trivet.devtools.pages.requests import request_table
from trivet.devtools.records import LogLine, Record, Seen

__all__ = [
    "cache_page",
    "exceptions_page",
    "facts_told",
    "jobs_page",
    "log_table",
    "logs_page",
    "loop_page",
    "mail_page",
]

# What facts are called here, where that is not their last word.
_LABELS = {
    "mail messaging.destination.name": "mailer",
    "messaging.destination.name": "queue",
    "messaging.message.id": "id",
    "db.client.connection.pool.name": "pool",
    "db.namespace": "database",
}
# Facts that say what is plain from where they stand.
_DULL = frozenset({"messaging.system", "messaging.operation.type", "db.system.name"})
Listed = Sequence[tuple[Seen, Record | None]]
_FAMILIES = {"WARNING": "warn", "ERROR": "bad", "CRITICAL": "bad"}


def exceptions_page(site: Site, records: Sequence[Record]) -> str:
    """Write what nobody handled."""
    failed = [one for one in records if one.chain]
    items = [
        element(
            "section",
            element(
                "div",
                element("h2", one.chain[0].name),
                element(
                    "p",
                    element("a", one.title, href=site.to("requests", one.number)),
                    " at ",
                    moment(one.at),
                ),
                class_="head",
            ),
            element("pre", one.chain[0].message, class_="message")
            if one.chain[0].message
            else None,
            element(
                "details",
                element("summary", _raised_at(one)),
                traceback_of(one.chain),
                class_="more",
            ),
        )
        for one in failed
    ]
    nothing = empty("Nothing was raised that nobody handled, in the requests that are kept.")
    return page(
        site,
        "exceptions",
        "Exceptions",
        element("h1", "Exceptions"),
        *(items or [nothing]),
        is_live=True,
    )


def _raised_at(record: Record) -> str:
    frames = record.chain[0].frames
    yours = [frame for frame in frames if frame.kind == "yours"] or list(frames)
    return f"{yours[-1].place} in {yours[-1].function}" if yours else "Traceback"


def logs_page(site: Site, lines: Sequence[LogLine]) -> str:
    """Write the log, the newest line first."""
    nothing = empty(
        "Nothing was logged. A logger lets through warnings and worse unless its level says"
        " otherwise: ",
        code('logging.getLogger("shop").setLevel(logging.INFO)'),
    )
    content = log_table(site, lines) if lines else nothing
    return page(
        site,
        "logs",
        "Logs",
        element("h1", "Logs"),
        section("Lines", content, note="the newest first"),
        is_live=True,
    )


def log_table(site: Site, lines: Sequence[LogLine]) -> Html:
    """Give lines of the log as a list."""
    return element("ol", *(_log_line(site, line) for line in lines), class_="logs")


def _log_line(site: Site, line: LogLine) -> Html:
    family = _FAMILIES.get(line.level, "plain")
    return element(
        "li",
        element(
            "div",
            moment(line.at),
            element("span", line.level.lower(), class_=f"tag {family}"),
            element("span", line.logger, class_="dim"),
            element("span", line.place, class_="dim"),
            element("a", f"request {line.record}", href=site.to("requests", line.record))
            if line.record is not None
            else None,
            class_="facts",
        ),
        element("pre", line.message),
        element(
            "details",
            element("summary", line.chain[0].name),
            traceback_of(line.chain),
            class_="more",
        )
        if line.chain
        else None,
    )


def jobs_page(site: Site, runs: Sequence[Record], put_in: Listed) -> str:
    """Write the jobs that ran here, and those that were put in."""
    nothing = empty(
        "No job ran in this process. Jobs run here where a worker does: app.use(Jobs(…)) has one"
        " while one develops, unless it says otherwise."
    )
    return page(
        site,
        "jobs",
        "Jobs",
        element("h1", "Jobs"),
        section("Runs", request_table(site, runs) if runs else nothing, note="the newest first"),
        section("Put in by requests", _listed(site, put_in), name="put-in") if put_in else None,
        is_live=True,
    )


def cache_page(site: Site, looked_up: Listed) -> str:
    """Write what was looked up in caches."""
    outcomes = [one.fact("trivet.cache.outcome") for one, _ in looked_up]
    hits = sum(one == "hit" for one in outcomes)
    known = sum(one in ("hit", "miss") for one in outcomes)
    note = f"{hits} of the last {known} look-ups were hits" if known else "the newest first"
    nothing = empty("Nothing was looked up in a cache of this application.")
    return page(
        site,
        "cache",
        "Cache",
        element("h1", "Cache"),
        section("Look-ups", _listed(site, looked_up) if looked_up else nothing, note=note),
        is_live=True,
    )


def mail_page(site: Site, sent: Listed, inbox: str | None) -> str:
    """Write the mails that were sent, and lead to the inbox."""
    lead = None
    if inbox is not None:
        lead = element(
            "p",
            element("a", "Read the messages in the inbox", href=site.mount + inbox),
            class_="go",
        )
    return page(
        site,
        "sent",
        "Mail",
        element("h1", "Mail"),
        lead,
        section("Sent", _listed(site, sent) if sent else empty("Nothing was sent.")),
        is_live=True,
    )


def facts_told(seen: Seen, *apart: str) -> str:
    """Give the facts of a happening in a line, without those `apart`."""
    told = []
    for name, text in seen.facts:
        label = _LABELS.get(f"{seen.kind} {name}") or _LABELS.get(name)
        if name not in apart and name not in _DULL:
            told.append(f"{label or name.rpartition('.')[2]}: {text}")
    return " · ".join(told)


def _listed(site: Site, found: Listed) -> Html:
    return element("ol", *(_happening(site, *one) for one in found), class_="logs")


def _happening(site: Site, seen: Seen, record: Record | None) -> Html:
    outcome = seen.fact("trivet.cache.outcome") or seen.fact("trivet.job.outcome")
    family = {"hit": "good", "miss": "warn"}.get(outcome, "plain")
    key = seen.fact("trivet.cache.key")
    told = facts_told(seen, *("trivet.cache.outcome", "trivet.cache.key", "trivet.job.outcome"))
    return element(
        "li",
        element(
            "div",
            moment(seen.at),
            element("b", seen.name),
            element("span", outcome, class_=f"tag {family}") if outcome else None,
            element("span", took(seen.seconds), class_="num"),
            element("a", record.title, href=site.to("requests", record.number))
            if record is not None
            else None,
            class_="facts",
        ),
        element("pre", key) if key else None,
        element("p", seen.error, class_="failure") if seen.error else None,
        element("p", told, class_="dim") if told else None,
        element("p", code(seen.place.text), class_="place") if seen.place else None,
    )


# -- the event loop ------------------------------------------------------------------------------


def loop_page(site: Site, lag: Lag) -> str:
    """Write how late the event loop was."""
    blocks = [
        element(
            "li",
            element(
                "div",
                moment(block.at),
                element("b", took(block.seconds)),
                element("span", "at ", code(block.place.text), " in ", code(block.place.function))
                if block.place
                else element("span", "in no code of yours; the machine may be busy", class_="dim"),
                class_="facts",
            ),
        )
        for block in reversed(list(lag.blocks))
    ]
    nothing = empty("The loop was never kept for longer than 100 ms.")
    return page(
        site,
        "loop",
        "Event loop",
        element("h1", "Event loop"),
        section(
            "Delay",
            _chart(lag),
            note="the longest of each second, of the last five minutes",
        ),
        section(
            "Blocks",
            element("ol", *blocks, class_="logs") if blocks else nothing,
            note="while one line ran, nobody else was served: await it, or make the handler a"
            " plain def, which runs on a thread",
        ),
        is_live=True,
    )


def _chart(lag: Lag) -> Html:
    seconds = list(lag.seconds)
    if not seconds:
        return empty("Not measured yet: it begins with the server's start.")
    worst = max(max(one.worst for one in seconds), 0.02)
    bars = []
    for index, one in enumerate(seconds):
        height = max(0.6, one.worst / worst * 100)
        family = "bad" if one.worst >= 0.1 else "good"
        bars.append(
            f'<rect class="{family}" x="{index * 2 + (300 - len(seconds)) * 2}" width="1.4"'
            f' y="{100 - height:.1f}" height="{height:.1f}"/>'
        )
    picture = Html(
        '<svg viewBox="0 0 600 100" preserveAspectRatio="none" role="img"'
        f' aria-label="The longest delay was {took(worst)}">{"".join(bars)}</svg>'
    )
    scale = element("small", took(worst))
    return element("figure", picture, scale, class_="chart")
