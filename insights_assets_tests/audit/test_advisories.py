"""A finding fails, and a service that knows nothing is never taken for a clean bill."""

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from audit import advisories
from audit.advisories import CLEAN, CONTROL, FOUND, NOT_ASKED, Answer, read_answer

VULN = {"id": "PYSEC-1", "aliases": ["CVE-1"], "fix_versions": ["2.1"]}
TOLD = Answer(("x 1: PYSEC-1, CVE-1; mended in 2.1.",), ())
KNOWS_CONTROL = Answer(("jinja2 2.10: PYSEC-2019-217; mended in 2.10.1.",), ())


def service(answers):
    """In place of pip-audit: answers of a service by its name, first to the control, then to all."""
    return lambda chosen, versions, _=(): answers[chosen][0 if list(versions) == [CONTROL] else 1]


def test_an_answer_tells_each_advisory_and_what_was_skipped():
    judged = [{"name": "x", "version": "1", "vulns": [VULN]}, {"name": "y", "skip_reason": "not found"}]
    assert read_answer(json.dumps({"dependencies": judged})) == Answer(TOLD.advisories, ("y",))
    unmended = {"dependencies": [{"name": "x", "version": "1", "vulns": [{"id": "A"}]}]}
    assert read_answer(json.dumps(unmended)).advisories == ("x 1: A; mended in no release yet.",)


@pytest.mark.parametrize("text", ["", "Traceback", "[]", "{}"])
def test_no_json_is_no_answer(text):
    assert read_answer(text) is None


@pytest.mark.parametrize("control", [None, Answer((), ("jinja2",)), Answer((), ())])
def test_a_service_that_does_not_know_the_control_was_not_asked(monkeypatch, capsys, control):
    monkeypatch.setattr(advisories, "ask", service({"a": (control, Answer((), ()))}))
    assert advisories.audit(["a"]) == NOT_ASKED
    assert "NOT AUDITED" in capsys.readouterr().out


@pytest.mark.parametrize(("said", "code"), [(TOLD, FOUND), (Answer((), ()), CLEAN)])
def test_the_first_service_that_knows_the_control_decides(monkeypatch, capsys, said, code):
    answers = {"dumb": (Answer((), ("jinja2",)), None), "knows": (KNOWS_CONTROL, said)}
    monkeypatch.setattr(advisories, "ask", service(answers))
    assert advisories.audit(["dumb", "knows"]) == code
    assert capsys.readouterr().err.splitlines() == list(said.advisories)


def test_a_service_that_knows_the_control_and_then_falls_silent_is_not_said_to_know_nothing(monkeypatch, capsys):
    answers = {"silent": (KNOWS_CONTROL, None), "dumb": (Answer((), ("jinja2",)), None)}
    monkeypatch.setattr(advisories, "ask", service(answers))
    assert advisories.audit(["silent", "dumb"]) == NOT_ASKED
    assert "gave no answer" in capsys.readouterr().out


def test_what_is_installed_leaves_the_package_itself_out():
    found = advisories.installed()
    assert found["polars"]
    assert "insights-assets" not in found


@contextmanager
def advisory_server(bad):
    """Speaks the protocol of OSV for the names given: https://google.github.io/osv.dev/post-v1-query/."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            package = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["package"]["name"]
            times = {"modified": "2024-01-01T00:00:00Z", "published": "2024-01-01T00:00:00Z"}
            affected = [{"package": {"name": package, "ecosystem": "PyPI"}, "ranges": []}]
            vuln = {"id": f"PYSEC-{package}", "summary": "bad", "affected": affected, **times}
            body = json.dumps({"vulns": [vuln]} if package in bad else {}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield ("--vulnerability-service", "osv", "--osv-url", f"http://127.0.0.1:{server.server_port}/v1/query")
        server.shutdown()
        thread.join()


@pytest.mark.slow
def test_pip_audit_itself_finds_what_a_service_says_of_an_installed_distribution(capsys):
    with advisory_server({"jinja2", "polars"}) as chosen:
        assert advisories.audit([chosen]) == FOUND
        assert "PYSEC-polars" in capsys.readouterr().err
        ignored = ("--ignore-vuln", "PYSEC-polars", "--ignore-vuln", "PYSEC-jinja2")
        assert advisories.audit([chosen], ignored) == CLEAN
    with advisory_server({"polars"}) as chosen:
        assert advisories.audit([chosen]) == NOT_ASKED
    assert advisories.audit([chosen]) == NOT_ASKED  # nobody listens there any more
