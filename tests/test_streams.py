"""Named random streams."""

from __future__ import annotations

from itertools import product

from onelayer.streams import STREAMS, stream

FIRST_DRAWS = {
    "init": 17399280157855551184,
    "split": 4491360187996368185,
    "shuffle": 10470824523432166808,
    "flip": 9908662068004701370,
}


def test_each_seed_name_and_epoch_has_its_own_stream():
    drawn = {stream(seed, name, epoch).random() for seed, name, epoch in product((0, 1), STREAMS, (0, 1, 2))}
    assert len(drawn) == 2 * len(STREAMS) * 3


def test_streams_stay_the_same_from_release_to_release():
    assert {name: stream(7, name, 3).bit_generator.random_raw() for name in FIRST_DRAWS} == FIRST_DRAWS
