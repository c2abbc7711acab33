from __future__ import annotations

import contextlib
import gzip
import hashlib
import http.server
import io
import tarfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from fuzzing import idx, pixels

from onelayer.data import download as download_module
from onelayer.data import load_dataset
from onelayer.data.catalog import CATALOG, CatalogEntry, CatalogFile
from onelayer.data.download import download
from onelayer.errors import DownloadError

Serve = Callable[[dict[str, bytes]], str]


@pytest.fixture
def requested() -> list[str]:
    """What the servers of ``serve`` were asked for."""
    return []


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch, requested: list[str]) -> Iterator[Serve]:
    """Serve files on loopback: name to content in, address out."""
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    servers: list[http.server.ThreadingHTTPServer] = []

    def start(files: dict[str, bytes]) -> str:
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                requested.append(self.path.lstrip("/"))
                content = files.get(requested[-1])
                self.send_response(200 if content is not None else 404)
                self.end_headers()
                with contextlib.suppress(ConnectionError):  # clients may have had enough
                    self.wfile.write(content or b"")

            def log_message(self, *_: object) -> None:
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{server.server_port}/"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def listed(name: str, content: bytes) -> CatalogFile:
    return CatalogFile(name, len(content), "md5:" + hashlib.md5(content, usedforsecurity=False).hexdigest(), "a test")


def mnist_files() -> dict[str, bytes]:
    labels = (np.arange(40) % 10).astype(np.uint8)
    files = {}
    for part in ("train", "t10k"):
        files[f"{part}-images-idx3-ubyte.gz"] = gzip.compress(idx(pixels(40, 28, 28)), mtime=0)
        files[f"{part}-labels-idx1-ubyte.gz"] = gzip.compress(idx(labels), mtime=0)
    return files


def mnist(files: dict[str, bytes], *addresses: str) -> CatalogEntry:
    catalogued = tuple(listed(name, content) for name, content in files.items())
    return replace(CATALOG["mnist"], addresses=addresses, downloads=catalogued, members=catalogued)


def nobody() -> str:
    """An address on loopback where nothing listens."""
    server = http.server.HTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler)
    server.server_close()
    return f"http://127.0.0.1:{server.server_port}/"


def test_a_named_set_is_downloaded_once(
    serve: Serve, requested: list[str], own_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = mnist_files()
    monkeypatch.setattr("onelayer.data.load.CATALOG", {"mnist": mnist(files, serve(files))})
    for _ in range(2):
        assert load_dataset("mnist").train.n == 30
    assert {path.name: path.read_bytes() for path in (own_cache / "mnist").iterdir()} == files
    assert sorted(requested) == sorted(files)


def test_a_download_broken_off_is_completed(serve: Serve, requested: list[str], own_cache: Path) -> None:
    files = mnist_files()
    name, *others = files
    (own_cache / "mnist").mkdir(parents=True)
    (own_cache / "mnist" / name).write_bytes(files[name])
    download(mnist(files, serve(files)))
    assert sorted(requested) == sorted(others)


def test_the_next_address_is_tried(serve: Serve, own_cache: Path) -> None:
    files = mnist_files()
    download(mnist(files, nobody(), serve({}), serve(dict.fromkeys(files, b"wrong")), serve(files)))
    assert {path.name for path in (own_cache / "mnist").iterdir()} == set(files)


def test_a_wrong_checksum_is_refused_and_nothing_is_left(serve: Serve, own_cache: Path) -> None:
    files = mnist_files()
    entry = mnist(files, serve({name: content[:-1] + b"x" for name, content in files.items()}))
    with pytest.raises(DownloadError, match=r"has not the checksum md5:[0-9a-f]{32}, given by a test"):
        download(entry)
    assert list((own_cache / "mnist").iterdir()) == []


def test_without_a_network_the_message_says_where_to_put_the_files(own_cache: Path) -> None:
    with pytest.raises(DownloadError, match=r"Put the files of mnist in .*cache/mnist"):
        download(mnist(mnist_files(), nobody()))


def test_a_stream_without_end_is_broken_off(serve: Serve, own_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download_module, "_SLACK_BYTES", 0)
    files = mnist_files()
    with pytest.raises(DownloadError, match="more than the"):
        download(mnist(files, serve({name: content + bytes(1 << 22) for name, content in files.items()})))
    assert list((own_cache / "mnist").iterdir()) == []


def test_progress_is_shown_on_stderr_alone(serve: Serve, capfd: pytest.CaptureFixture[str]) -> None:
    files = mnist_files()
    download(mnist(files, serve(files)), progress=True)
    out, err = capfd.readouterr()
    assert out == ""
    assert "train-images-idx3-ubyte.gz" in err


def test_without_progress_nothing_is_shown(serve: Serve, capfd: pytest.CaptureFixture[str]) -> None:
    files = mnist_files()
    download(mnist(files, serve(files)))
    assert capfd.readouterr() == ("", "")


def test_a_cache_that_can_not_be_written(tmp_path: Path, own_cache: Path) -> None:
    own_cache.write_text("a file where the folder should be")
    with pytest.raises(DownloadError, match="ONELAYER_CACHE"):
        download(mnist(mnist_files(), nobody()))


BATCHES = {f"batch_{i}": bytes([i]) * 1000 for i in range(3)}


def archived(members: list[tarfile.TarInfo | tuple[str, bytes]], cut: int = 0) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        for member in members:
            if isinstance(member, tarfile.TarInfo):
                tar.addfile(member)
            else:
                info = tarfile.TarInfo(member[0])
                info.size = len(member[1])
                tar.addfile(info, io.BytesIO(member[1]))
    return out.getvalue()[: -cut or None]


def archive_entry(archive: bytes, address: str) -> CatalogEntry:
    members = tuple(listed(name, content) for name, content in BATCHES.items())
    return replace(
        CATALOG["cifar10"], addresses=(address,), downloads=(listed("set.tar.gz", archive),), members=members
    )


def link(name: str, target: str, kind: bytes) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


def test_an_archive_is_unpacked_and_removed(serve: Serve, own_cache: Path) -> None:
    archive = archived(
        [(f"folder/{name}", content) for name, content in BATCHES.items()] + [("folder/readme.html", b"x")]
    )
    folder = download(archive_entry(archive, serve({"set.tar.gz": archive})))
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == BATCHES


@pytest.mark.parametrize("odd", ["/../../evil", "../evil", "/tmp/evil"])  # noqa: S108 - a hostile name, nothing is written there
def test_members_never_leave_the_folder(serve: Serve, own_cache: Path, odd: str) -> None:
    archive = archived([*BATCHES.items(), (odd, b"evil")])
    folder = download(archive_entry(archive, serve({"set.tar.gz": archive})))
    assert {path.name for path in folder.iterdir()} == set(BATCHES)
    assert not list(own_cache.parent.rglob("evil"))


BAD_ARCHIVES = {
    "a member missing": archived([("batch_0", BATCHES["batch_0"])]),
    "a member too long": archived([(name, content + b"x") for name, content in BATCHES.items()]),
    "a symbolic link": archived([link(name, "/etc/passwd", tarfile.SYMTYPE) for name in BATCHES]),
    "a hard link": archived([link(name, "/etc/passwd", tarfile.LNKTYPE) for name in BATCHES]),
    "cut": archived([(name, np.random.default_rng(0).bytes(1000)) for name in BATCHES], cut=1500),
    "no archive": b"nothing of the kind",
}


@pytest.mark.parametrize("archive", BAD_ARCHIVES.values(), ids=BAD_ARCHIVES)
def test_bad_archives_are_refused_and_nothing_is_unpacked(serve: Serve, own_cache: Path, archive: bytes) -> None:
    with pytest.raises(DownloadError, match=r"set\.tar\.gz"):
        download(archive_entry(archive, serve({"set.tar.gz": archive})))
    assert {path.name for path in (own_cache / "cifar10").iterdir()} <= {"set.tar.gz"}
