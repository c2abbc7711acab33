"""The sets known by name: what they are, where their files are had, and by what their content is known.

A checksum stands here only with its source beside it. Where the official content itself is known to this project, its
fingerprints are given (`Dataset.fingerprint` of the whole training and test part). Where it is not, there are two
weaker signs: checksums of the official files, and the sum of all training pixels, channel by channel, which follows
exactly from the mean pixel that many publications print to 15 digits. Sums that differ prove other pixels; sums that
agree prove nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from onelayer.errors import ConfigError, did_you_mean, printable

__all__ = ["CATALOG", "CatalogEntry", "CatalogFile", "find_entry"]


@dataclass(frozen=True)
class CatalogFile:
    """One official file: its name, size in bytes (None where no source gives it), checksum, and who says so."""

    name: str
    size: int | None
    checksum: str
    source: str


@dataclass(frozen=True)
class CatalogEntry:
    """One named set.

    Parameters
    ----------
    name, title : str
        What the command line calls it, and what people do.
    image_shape : (int, int, int)
        (h, w, c).
    class_names : tuple of str
        In the order of the labels.
    layouts : tuple of str
        Formats that the official files have, as readers name them; such files are taken for this set wherever they lie.
    addresses : tuple of str
        Where the official files can be downloaded, each ending in a slash, to be tried in this order.
    downloads : tuple of CatalogFile
        The files to download from there.
    members : tuple of CatalogFile
        Files as they lie on disk: those downloaded, or what the archive holds; in every official layout.
    fingerprints : mapping of str to str
        Of the official parts, where they are known.
    pixel_sums : tuple of int
        Sum of all official training pixels in each channel, where it is known.
    """

    name: str
    title: str
    image_shape: tuple[int, int, int]
    class_names: tuple[str, ...]
    layouts: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    downloads: tuple[CatalogFile, ...] = ()
    members: tuple[CatalogFile, ...] = ()
    fingerprints: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    pixel_sums: tuple[int, ...] = ()


def find_entry(name: str) -> CatalogEntry:
    """Return the entry of this name.

    Raises
    ------
    ConfigError
        If there is none; the message has the nearest name.

    Examples
    --------
    >>> find_entry("mnist").image_shape
    (28, 28, 1)
    """
    if name not in CATALOG:
        known = ", ".join(CATALOG)
        nearest = did_you_mean(name, CATALOG) or "."
        raise ConfigError(f"No data set is called {printable(name)!r}{nearest} Known are {known}.")
    return CATALOG[name]


_TORCHVISION_MNIST = "torchvision, torchvision/datasets/mnist.py"
_TORCHVISION_CIFAR = "torchvision, torchvision/datasets/cifar.py"
_TORCHVISION_RUBY = "torchvision-ruby, lib/torchvision/datasets/"
_FASHION = "Fashion-MNIST's README, https://github.com/zalandoresearch/fashion-mnist"
_CIFAR_PAGE = "the official page, https://www.cs.toronto.edu/~kriz/cifar.html"
_CIFAR_ADDRESSES = ("https://www.cs.toronto.edu/~kriz/", "https://cave.cs.toronto.edu/kriz/")

_MNIST_FILES = (
    CatalogFile("train-images-idx3-ubyte.gz", 9_912_422, "md5:f68b3c2dcbeaaa9fbdd348bbdeb94873", _TORCHVISION_MNIST),
    CatalogFile("train-labels-idx1-ubyte.gz", 28_881, "md5:d53e105ee54ea40749a09fcbcd1e9432", _TORCHVISION_MNIST),
    CatalogFile("t10k-images-idx3-ubyte.gz", 1_648_877, "md5:9fb629c4189551a2d022fa330f9573f3", _TORCHVISION_MNIST),
    CatalogFile("t10k-labels-idx1-ubyte.gz", 4_542, "md5:ec29112dd5afa0611ce80d1b7f02629c", _TORCHVISION_MNIST),
)
_FASHION_FILES = (
    CatalogFile("train-images-idx3-ubyte.gz", 26_421_880, "md5:8d4fb7e6c68d591d4c3dfef9ec88bf0d", _FASHION),
    CatalogFile("train-labels-idx1-ubyte.gz", 29_515, "md5:25c81989df183df01b3e8a0aad5dffbe", _FASHION),
    CatalogFile("t10k-images-idx3-ubyte.gz", 4_422_102, "md5:bef4ecab320f06d8554ea6380940ec79", _FASHION),
    CatalogFile("t10k-labels-idx1-ubyte.gz", 5_148, "md5:bb300cfdad3c16e7a12a480ee83cd310", _FASHION),
)


def _members(source: str, size: int | None, checksums: dict[str, str]) -> tuple[CatalogFile, ...]:
    return tuple(CatalogFile(name, size, checksum, source) for name, checksum in checksums.items())


_CIFAR10_FILES = _members(
    _TORCHVISION_RUBY + "cifar10.rb",
    30_730_000,
    {
        "data_batch_1.bin": "sha256:cee916563c9f80d84e3cc88e17fdc0941787f1244f00a67874d45b261883ada5",
        "data_batch_2.bin": "sha256:a591ca11fa1708a91ee40f54b3da4784ccd871ecf2137de63f51ada8b3fa57ed",
        "data_batch_3.bin": "sha256:bbe8596564c0f86427f876058170b84dac6670ddf06d79402899d93ceea26f67",
        "data_batch_4.bin": "sha256:014e562d6e23c72197cc727519169a60359f5eccd8945ad5a09d710285ff4e48",
        "data_batch_5.bin": "sha256:755304fc0b379caeae8c14f0dac912fbc7d6cd469eb67a1029a08a39453a9add",
        "test_batch.bin": "sha256:8e2eb146ae340b09e24670f29cabc6326dba54da8789dab6768acf480273f65b",
    },
) + _members(
    _TORCHVISION_CIFAR,
    None,
    {
        "data_batch_1": "md5:c99cafc152244af753f735de768cd75f",
        "data_batch_2": "md5:d4bba439e000b95fd0a9bffe97cbabec",
        "data_batch_3": "md5:54ebc095f3ab1f0389bbae665268c751",
        "data_batch_4": "md5:634d18415352ddfa80567beed471001a",
        "data_batch_5": "md5:482c414d41f54cd18b22e5b47cb7c3cb",
        "test_batch": "md5:40351d587109b95175f43aff81a1287e",
    },
)
_CIFAR100_FILES = (
    CatalogFile(
        "train.bin",
        153_700_000,
        "sha256:f31298fc616915fa142368359df1c4ca2ae984d6915ca468b998a5ec6aeebf29",
        _TORCHVISION_RUBY + "cifar100.rb",
    ),
    CatalogFile(
        "test.bin",
        30_740_000,
        "sha256:d8b1e6b7b3bee4020055f0699b111f60b1af1e262aeb93a0b659061746f8224a",
        _TORCHVISION_RUBY + "cifar100.rb",
    ),
    CatalogFile("train", None, "md5:16019d7e3df5f24257cddd939b257f8d", _TORCHVISION_CIFAR),
    CatalogFile("test", None, "md5:f0ef6b0ae62326f3e7ffdfab6717acfc", _TORCHVISION_CIFAR),
)

_CIFAR100_NAMES = (
    "apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge bus butterfly camel can "
    "castle caterpillar cattle chair chimpanzee clock cloud cockroach couch crab crocodile cup dinosaur dolphin "
    "elephant flatfish forest fox girl hamster house kangaroo keyboard lamp lawn_mower leopard lion lizard "
    "lobster man maple_tree motorcycle mountain mouse mushroom oak_tree orange orchid otter palm_tree pear "
    "pickup_truck pine_tree plain plate poppy porcupine possum rabbit raccoon ray road rocket rose sea seal shark "
    "shrew skunk skyscraper snail snake spider squirrel streetcar sunflower sweet_pepper table tank telephone "
    "television tiger tractor train trout tulip turtle wardrobe whale willow_tree wolf woman worm "
)

_ENTRIES = (
    CatalogEntry(
        name="digits",
        title="Handwritten digits of 8×8 pixels (UCI)",
        image_shape=(8, 8, 1),
        class_names=tuple("0123456789"),
        layouts=("scikit-learn",),
        fingerprints={"all": "257d79fe55361fea2ce3f8f4548b813bd159a1e6235f6243e8835826712303fb"},
    ),
    CatalogEntry(
        name="mnist",
        title="MNIST, handwritten digits",
        image_shape=(28, 28, 1),
        class_names=tuple("0123456789"),
        layouts=("IDX",),
        addresses=(
            "https://ossci-datasets.s3.amazonaws.com/mnist/",
            "https://storage.googleapis.com/cvdf-datasets/mnist/",
        ),
        downloads=_MNIST_FILES,
        members=_MNIST_FILES,
        fingerprints={
            "train": "4aa00dc1285bc81eeab87a8fbba2385f6b747f3c8051ef4faa6e504f30e20c69",
            "test": "c90f358cc6a5c5b6433f1f2756c8a0acd09da250695d88e1a5948864863ff85c",
        },
        pixel_sums=(1_567_298_545,),
    ),
    CatalogEntry(
        name="fashion-mnist",
        title="Fashion-MNIST, pieces of clothing",
        image_shape=(28, 28, 1),
        class_names=(
            *("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat"),
            *("Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
        ),
        layouts=("IDX",),
        addresses=(
            "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
            "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
        ),
        downloads=_FASHION_FILES,
        members=_FASHION_FILES,
        # Mean pixel 0.2860405969887955 of 1.
        pixel_sums=(3_431_114_169,),
    ),
    CatalogEntry(
        name="cifar10",
        title="CIFAR-10, small colour photographs",
        image_shape=(32, 32, 3),
        class_names=(
            *("airplane", "automobile", "bird", "cat", "deer"),
            *("dog", "frog", "horse", "ship", "truck"),
        ),
        layouts=("CIFAR-10 binary", "CIFAR-10 Python"),
        addresses=_CIFAR_ADDRESSES,
        downloads=(
            CatalogFile("cifar-10-binary.tar.gz", 170_052_171, "md5:c32a1d4ab5d03f1284b67883e8d87530", _CIFAR_PAGE),
        ),
        members=_CIFAR10_FILES,
        # Mean pixel (125.306918046875, 122.950394140625, 113.86538318359375) of 255.
        pixel_sums=(6_415_714_204, 6_295_060_180, 5_829_907_619),
    ),
    CatalogEntry(
        name="cifar100",
        title="CIFAR-100, small colour photographs",
        image_shape=(32, 32, 3),
        class_names=tuple(_CIFAR100_NAMES.split()),
        layouts=("CIFAR-100 binary", "CIFAR-100 Python"),
        addresses=_CIFAR_ADDRESSES,
        downloads=(
            CatalogFile("cifar-100-binary.tar.gz", 168_513_733, "md5:03b5dce01913d631647c71ecec9e9cb8", _CIFAR_PAGE),
        ),
        members=_CIFAR100_FILES,
        # Mean pixel (0.5070751592371323, 0.48654887331495095, 0.4409178433670343) of 1.
        pixel_sums=(6_620_373_279, 6_352_382_090, 5_756_623_363),
    ),
)

CATALOG: Mapping[str, CatalogEntry] = MappingProxyType({entry.name: entry for entry in _ENTRIES})
"""Every named set, by name."""
