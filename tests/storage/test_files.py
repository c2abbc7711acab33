from __future__ import annotations

import codecs

import pytest

from onelayer.storage.files import decode_text


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_text_is_read_as_its_mark_says(encoding):
    assert decode_text("ä = 1\r\n".encode(encoding)) == "ä = 1\r\n"


@pytest.mark.parametrize("content", [b"\xff", b"\xff\xfe", b"\xff\xfea", codecs.BOM_UTF32_LE + b"abc"])
def test_what_is_no_text_is_refused(content):
    with pytest.raises(UnicodeDecodeError):
        decode_text(content)
