"""Which part of a data set a name means: one vocabulary and one rule for folders, files, arrays and options.

A name says its part by one of the words below, as a word of its own: ``train``, ``mnist_test.parquet``, ``X_val``,
``seg_train``, ``Testing``, ``val2017``, ``dev-00000-of-00002-5f3a….parquet``. Numbers, the digits of a hash, and
anything else in the name say nothing.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from onelayer.errors import ConfigError, DataError, did_you_mean, printable

from .untrusted import label

__all__ = [
    "PART_WORDS",
    "Division",
    "divide",
    "part_and_rest",
    "part_asked_for",
    "part_of",
    "shard_note",
    "words_of",
]

PART_WORDS = {
    "train": ("train", "training", "trn", "trainval"),
    "validation": ("validation", "valid", "val", "dev", "devel", "development"),
    "test": ("test", "testing", "tst", "t10k", "eval", "evaluation", "holdout", "heldout"),
}
_PART_OF_WORD = {word: part for part, words in PART_WORDS.items() for word in words}
_ANY_WORD = "|".join(sorted(_PART_OF_WORD, key=len, reverse=True))
# What files of one set are told apart by, other than their part.
_KINDS = frozenset({"x", "y", "image", "images", "img", "imgs", "label", "labels", "data", "idx", "ubyte", "of"})
# Words that are often written together with one of these: xtrain, testset, valimages.
_GLUED = re.compile(rf"([xy]?)({_ANY_WORD})([xy]|set|split|data|dir|folder|images?|imgs?|labels?)?")
_WORD = re.compile(r"(?<![^\W_])t10k(?![^\W_])|[^\W\d_]+|\d+")
_HUMPS = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_HASH = re.compile(r"(?<![^\W_])(?=[a-f]*[0-9])[0-9a-f]{8,64}(?![^\W_])")
_HELD_OUT = re.compile(r"(?<![^\W_])(?:hold|held)[\W_]+out(?![^\W_])")
_SHARD = re.compile(r"(?<![0-9])([0-9]{1,9})[-_]?of[-_]?([0-9]{1,9})(?![0-9])", re.IGNORECASE)


class Division(NamedTuple):
    """Files or folders by part, ``{"all": …}`` where no name says one; and those beside the parts that say none."""

    parts: dict[str, list[Path]]
    others: list[Path]

    @property
    def all_files(self) -> list[Path]:
        """Those of the parts and those beside them."""
        return [*(path for paths in self.parts.values() for path in paths), *self.others]


def words_of(name: str) -> list[str]:
    """Return the words of a name in lower case, numbers too, without suffixes of hashes.

    Examples
    --------
    >>> words_of("mnist_XTrain-00000-of-00002-a09b74b3ef9c3b56")
    ['mnist', 'x', 'train', '00000', 'of', '00002']
    """
    apart = _HUMPS.sub(" ", _HASH.sub(" ", name)).lower()
    return _WORD.findall(_HELD_OUT.sub("holdout", apart))


def part_of(name: str) -> str | None:
    """Return the part that a name says, None where it says none or several.

    Examples
    --------
    >>> part_of("emnist-letters-test-images"), part_of("things"), part_of("Development Set")
    ('test', None, 'validation')
    """
    parts = {_PART_OF_WORD[word] for word in _part_words(name)}
    return parts.pop() if len(parts) == 1 else None


def part_and_rest(name: str) -> tuple[str | None, list[str]]:
    """Return the part that a name says, if it says one, and its other words, without numbers.

    Examples
    --------
    >>> part_and_rest("X_train"), part_and_rest("testlabels"), part_and_rest("images")
    (('train', ['x']), ('test', ['labels']), (None, ['images']))
    """
    rest: list[str] = []
    for word in words_of(name):
        match = _GLUED.fullmatch(word)
        rest += [piece for piece in ((match.group(1), match.group(3)) if match else (word,)) if piece]
    return part_of(name), [word for word in rest if not word.isdigit()]


def part_asked_for(text: str) -> str:
    """Return the part that an option names by any of its words: train, validation or test; or ``"all"``.

    Raises
    ------
    ConfigError
        If it is none.
    """
    part = "all" if text.lower() == "all" else _PART_OF_WORD.get(text.lower())
    if part is None:
        nearest = did_you_mean(text, ("all", *PART_WORDS))
        raise ConfigError(f"split {printable(text)!r} is not train, validation, test or all{nearest}")
    return part


def divide(paths: Sequence[Path], root: Path) -> Division:
    """Say of each path under ``root`` which part it is: the file's own name decides, then its folders' from within.

    Raises
    ------
    DataError
        If a name says two parts, two words stand for one part (test and holdout), there are several sets, no path is
        the training part though others say a part and some say none, or a shard of a known number is missing.
    """
    words = {path: _words_by_level(path, root) for path in paths}
    shared = _shared_words(words.values())
    found: dict[str, dict[str, list[Path]]] = {}
    others: list[Path] = []
    for path in paths:
        said = _said(path, words[path], shared)
        if said is None:
            others.append(path)
        else:
            found.setdefault(_PART_OF_WORD[said], {}).setdefault(said, []).append(path)
    _check_words(found)
    parts = {part: [path for group in found[part].values() for path in group] for part in PART_WORDS if part in found}
    _check_one_set(parts, others, root)
    if others and parts and "train" not in parts:
        held_out = next(iter(parts.values()))[0]
        raise DataError(
            f"{label(held_out)} is held out by its name, and {label(others[0])} says no part: give its name the word "
            "train if it is the training part, or move it away."
        )
    parts, others = (parts, others) if parts else ({"all": others}, [])
    for part, files in parts.items():
        _check_shards(part, files)
    return Division(parts, others)


def shard_note(path: Path) -> str | None:
    """Return a note for a file that is read alone and whose name says that it is one of several."""
    match = _SHARD.search(path.stem)
    if match is None or int(match.group(2)) < 2:
        return None
    return f"{label(Path(path.name))} is one of {int(match.group(2))} files by its name, and it alone was read."


def _part_words(name: str) -> list[str]:
    matches = (_GLUED.fullmatch(word) for word in words_of(name))
    return [match.group(2) for match in matches if match]


def _words_by_level(path: Path, root: Path) -> list[list[str]]:
    """Return the part words of the path's own name, then those of the folders that it is in, from within."""
    *folders, name = path.relative_to(root).parts
    own = name if path.is_dir() else Path(name).stem
    return [_part_words(level) for level in (own, *reversed(folders))]


def _shared_words(paths: Iterable[list[list[str]]]) -> Counter[str]:
    """Return the words that all names have, so that crash-test-train and crash-test-test are told apart."""
    counts = [Counter(levels[0]) for levels in paths]
    shared = counts[0] if counts else Counter()
    for count in counts[1:]:
        shared = shared & count
    return shared if len(counts) > 1 else Counter()


def _said(path: Path, levels: list[list[str]], shared: Counter[str]) -> str | None:
    for depth, words in enumerate(levels):
        distinct = set(words)
        if len({_PART_OF_WORD[word] for word in distinct}) > 1 and depth == 0:
            distinct = set(Counter(words) - shared)
        if len(distinct) > 1:
            raise DataError(
                f"{label(path)} says several parts by its name ({', '.join(sorted(distinct))}). Give it one of these "
                "words alone."
            )
        if distinct:
            return distinct.pop()
    return None


def _check_words(found: dict[str, dict[str, list[Path]]]) -> None:
    for part, by_word in found.items():
        if len(by_word) > 1:
            (one, *_), (other, *_) = list(by_word.values())[:2]
            raise DataError(
                f"{label(one)} and {label(other)} are both the {part} part by their names. Keep one of them there, or "
                "give both the same word."
            )


def _check_one_set(parts: dict[str, list[Path]], others: list[Path], root: Path) -> None:
    """Refuse several sets in one folder: each in a folder of its own, or each with parts of its own."""
    sets: dict[str, set[str]] = {}
    folders: dict[str, None] = {}
    for part, paths in (*parts.items(), ("all", others)):
        for path in paths:
            *above, name = path.relative_to(root).parts
            outer = [folder for folder in above if not _part_words(folder)]
            folders["/".join(outer)] = None
            own = [word for word in part_and_rest(Path(name).stem)[1] if word not in _KINDS]
            sets.setdefault(" ".join([*outer, *own]), set()).add(part)
    whole = [name for name, its in sets.items() if "train" in its and len(its) > 1]
    several = list(folders) if len(folders) > 1 else whole if len(whole) > 1 else []
    if several:
        names = ", ".join(printable(name or ".", 40) for name in several[:10])
        raise DataError(f"{label(root)} holds several sets ({names}). Name the folder of one, or give it one.")


def _check_shards(part: str, files: list[Path]) -> None:
    series: dict[tuple[Path, str], dict[int, list[tuple[int, Path]]]] = {}
    for path in files:
        match = _SHARD.search(path.stem)
        if match:
            base = _HASH.sub("", path.stem[: match.start()] + path.stem[match.end() :]).strip("-_. ")
            by_total = series.setdefault((path.parent, base), {})
            by_total.setdefault(int(match.group(2)), []).append((int(match.group(1)), path))
    for by_total in series.values():
        for total, shards in by_total.items():
            _check_series(part, total, shards, len(by_total) > 1)


def _check_series(part: str, total: int, shards: list[tuple[int, Path]], mixed: bool) -> None:
    numbers = [number for number, _ in shards]
    first = shards[0][1]
    if mixed:
        raise DataError(f"{label(first)} is one of {total} files, and others are of another number. Keep one version.")
    twice = [path for number, path in shards if numbers.count(number) > 1]
    if twice:
        raise DataError(f"{label(twice[0])} and {label(twice[1])} are the same shard. Keep one version.")
    start = 0 if 0 in numbers or total not in numbers else 1
    missing = sorted(set(range(start, start + total)) - set(numbers))
    if missing or len(numbers) != total:
        lacking = f"number {missing[0]} is missing" if missing else "others are there"
        of = "" if part == "all" else f" of the part {part!r}"
        raise DataError(
            f"{label(first)} is one of {total} files{of}, and {len(numbers)} are there: {lacking}. "
            "Fetch the missing ones."
        )
