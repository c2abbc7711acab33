from __future__ import annotations

import json

from onelayer.data.provenance import LeftOut, Provenance


def test_nothing_to_tell() -> None:
    assert Provenance().lines() == []
    assert Provenance().to_dict() == {"files": {}, "division": "", "left_out": [], "notes": [], "pictures": {}}


def test_lines_name_a_few_and_count_the_rest() -> None:
    many = tuple(LeftOut(f"{i}.txt", "not an image") for i in range(1200))
    read = Provenance({"train": ("a/", "b/"), "test": ("c/",)}, (LeftOut("x", "a dangling link"), *many), ("A note.",))
    assert read.lines() == [
        "parts: train from a/, b/; test from c/",
        "left out: 1,201 files or folders (a dangling link: x; not an image: 0.txt, 1.txt, 2.txt and 1,197 more)",
        "A note.",
    ]


def test_json_counts_all_and_lists_a_thousand() -> None:
    many = tuple(LeftOut(f"{i}.txt", "not an image") for i in range(1200))
    (reason,) = json.loads(json.dumps(Provenance(left_out=many).to_dict()))["left_out"]
    assert (reason["reason"], reason["count"], len(reason["names"])) == ("not an image", 1200, 1000)


def test_more_is_added_at_the_end() -> None:
    read = Provenance(notes=("one",)).noting("two", "three").without(LeftOut("x", "why"))
    assert read.notes == ("one", "two", "three")
    assert read.left_out == (("x", "why"),)


def test_what_was_drawn_by_chance_is_said() -> None:
    assert Provenance({"all": ("x.npz",)}, division="drawn").lines() == ["parts: x.npz; drawn"]
    assert Provenance({"train": ("x",)}, division="drawn").lines() == ["parts: train from x; drawn"]
    assert Provenance(division="drawn").lines() == []
