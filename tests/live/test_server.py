"""Who is answered, and with what."""

from __future__ import annotations

import pytest

from onelayer.live.server import HEADERS


def test_page_is_served(client):
    response = client.ask("GET", "")
    assert (response.status, response.getheader("content-type")) == (200, "text/html; charset=utf-8")
    assert b"<title>Training" in response.read()


@pytest.mark.parametrize("path", ["/", "/guess/", "/guess/events", "/favicon.ico", "//", "/%ff/"])
def test_nothing_is_answered_without_the_token(client, path):
    assert client.ask("GET", path).status == 404


@pytest.mark.parametrize("cut", [slice(1, -2), slice(1, 2)])
def test_part_of_the_token_is_not_enough(client, cut):
    assert client.ask("GET", f"/{client.path[cut]}/").status == 404


def test_stop_without_the_token(client, live):
    assert client.ask("POST", "/guess/stop", {"Origin": client.origin}).status == 404
    assert not live.asks_to_stop()


@pytest.mark.parametrize("name", ["rebound.example", "127.0.0.1", "127.0.0.1.rebound.example", "127.0.0.2", ""])
def test_another_host_is_refused(client, name):
    assert client.ask("GET", "", {"Host": f"{name}:1" if name else ""}).status == 400


def test_localhost_is_the_same_machine(client):
    assert client.ask("GET", "", {"Host": f"localhost:{client.port}"}).status == 200


@pytest.mark.parametrize("path", ["", "events", "/guess/"])
def test_headers_keep_others_out(client, path):
    response = client.ask("GET", path)
    assert {name: response.getheader(name) for name in HEADERS} == HEADERS
    assert response.getheader("access-control-allow-origin") is None


@pytest.mark.parametrize("header", ["Origin", "Referer"])
def test_stop_from_the_page(client, live, header):
    assert client.stop(**{header: client.origin}) == 204
    assert live.asks_to_stop()


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "null"},
        {"Origin": "http://elsewhere.example"},
        {"Origin": "http://127.0.0.1:1"},
        {"Referer": "http://elsewhere.example/127.0.0.1"},
        {"Origin": "http://["},
    ],
)
def test_stop_from_elsewhere_is_refused(client, live, headers):
    assert client.stop(**headers) == 403
    assert not live.asks_to_stop()


def test_scheme_of_the_page_counts(client):
    assert client.stop(Origin=client.origin.replace("http", "https")) == 403


def test_stop_is_no_link(client, live):
    assert client.ask("GET", "stop").status == 405
    assert not live.asks_to_stop()


def test_other_addresses_of_this_machine_are_not_listened_on(client):
    client.host = "127.0.0.2"
    with pytest.raises(ConnectionRefusedError):
        client.ask("GET", "")
