"""``--set key=value``: as in TOML, as in Python, or a bare word; and TOML files as editors leave them."""

from __future__ import annotations

import codecs
import math

import pytest

from onelayer.errors import ConfigError
from onelayer.experiment.config import ExperimentConfig, load_config
from onelayer.experiment.settings import parse_setting


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *((text, True) for text in ("True", "true", " True ")),
        *((text, False) for text in ("False", "false")),
        *((text, 0.1) for text in ("0.1", ".1", "+.1", "1e-1", "1.e-1", "1E-01")),
        *((text, 1.0) for text in ("1.", "1.0", "+1.")),
        ("-.5", -0.5),
        ("1_000", 1000),
        ("None", None),
        ("8,8", (8, 8)),
        ("(8, 8)", (8, 8)),
        ("[8, 8]", [8, 8]),
        ("0, .5", (0, 0.5)),
        ("{1 = 50}", {"1": 50}),
        ("{1: 50}", {1: 50}),
        ("{'cat': .5}", {"cat": 0.5}),
        ("'hinge'", "hinge"),
        # no value of either language: the text itself
        *((text, text) for text in ("none", "null", "hinge", "a b", "01x")),
        ("__import__('os')", "__import__('os')"),
        ("1 if True else 2", "1 if True else 2"),
        ("b'x'", "b'x'"),
        ("2j", "2j"),
        ("{1, 2}", "{1, 2}"),
        ("9" * 5000, "9" * 5000),
        ("(" * 500, "(" * 500),
        ("-" * 20_000 + "1", "-" * 20_000 + "1"),
        ("a\0b", "a\0b"),
    ],
)
def test_values_of_both_languages(text: str, value: object) -> None:
    found = parse_setting(f"key={text}")[1]
    assert found == value
    assert type(found) is type(value)


def test_numbers_that_are_none() -> None:
    assert parse_setting("l2=inf") == ("l2", math.inf)
    assert math.isnan(parse_setting("l2=nan")[1])


@pytest.mark.parametrize("key", ["dataset", "features", "lift"])
@pytest.mark.parametrize("text", ["2024", "1e3", "true", "a,b", "[x]", "8,8", "a=b", "#1"])
def test_texts_stay_texts(key: str, text: str) -> None:
    assert parse_setting(f"{key}={text}") == (key, text)
    assert parse_setting(f'{key}="{text}"') == (key, text)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("cat,dog", ["cat", "dog"]),
        ("01, 1", ["01", 1]),
        ("2,3", [2, 3]),
        ("[2, 3]", [2, 3]),
        ("['a,b', 'c']", ["a,b", "c"]),
        ("parked car,Bäume", ["parked car", "Bäume"]),
    ],
)
def test_classes_are_names(text: str, names: list[object]) -> None:
    assert parse_setting(f"classes={text}") == ("classes", names)
    ExperimentConfig.check({"classes": names})


@pytest.mark.parametrize(
    ("settings", "key", "value"),
    [
        (["early_stopping=True"], "early_stopping", True),
        (["learning_rate=.1"], "learning_rate", 0.1),
        (["resize=8,8"], "resize", (8, 8)),
        (["value_range=0,1"], "value_range", (0, 1)),
        (["shuffle=False"], "shuffle", False),
        (["n_jobs=None"], "n_jobs", None),
        (["scaling=none"], "scaling", "none"),
        (["class_weight={1: 50}"], "class_weight", {"1": 50}),
        (["class_weight={01 = 50}"], "class_weight", {"01": 50}),
        (["class_weight=balanced"], "class_weight", "balanced"),
    ],
)
def test_what_people_write_is_taken(settings: list[str], key: str, value: object) -> None:
    assert getattr(load_config(None, None, settings, {}), key) == value


@pytest.mark.parametrize("text", ["0,1", "1,000", "fast", "True", "[1]"])
def test_what_is_no_number_is_refused_with_what_was_written(text: str) -> None:
    with pytest.raises(ConfigError, match="learning_rate="):
        load_config(None, None, [f"learning_rate={text}"], {})


MARKS = {
    "utf-8": b"",
    "utf-8-sig": codecs.BOM_UTF8,
    "utf-16-le": codecs.BOM_UTF16_LE,
    "utf-16-be": codecs.BOM_UTF16_BE,
    "utf-32-le": codecs.BOM_UTF32_LE,
    "utf-32-be": codecs.BOM_UTF32_BE,
}


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("encoding", MARKS)
def test_files_with_a_byte_order_mark(tmp_path, encoding: str, newline: str) -> None:
    text = f'dataset = "Bäume"{newline}max_epochs = 7{newline}'
    mark = b"" if encoding == "utf-8-sig" else MARKS[encoding]
    (tmp_path / "c.toml").write_bytes(mark + text.encode(encoding))
    config = load_config(tmp_path / "c.toml", None, [], {})
    assert (config.dataset, config.max_epochs) == ("Bäume", 7)


@pytest.mark.parametrize("content", [b"\xff\xfea", b"\xff\xfe", b"\xef\xbb\xbf\xff", "a = 1".encode("utf-16-le")])
def test_files_that_are_no_text(tmp_path, content: bytes) -> None:
    (tmp_path / "c.toml").write_bytes(content)
    with pytest.raises(ConfigError, match=r"c\.toml: not a TOML file"):
        load_config(tmp_path / "c.toml", None, [], {})
