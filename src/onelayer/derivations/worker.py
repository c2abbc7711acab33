"""The process that audits a claim from elsewhere: a claim as JSON comes in, an audit as JSON goes out.

It gives itself a limit on memory before it looks at the claim; ``bounded`` ends it when its time is over.
"""

from __future__ import annotations

import json
import resource
import sys
from typing import Final

from onelayer.derivations.audit import decide
from onelayer.derivations.claim import Claim

MEMORY_BYTES: Final = 2 << 30


def main() -> None:
    """Audit the claim on stdin."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    values = json.load(sys.stdin)
    claim = Claim(**{**values, "assume": tuple(values["assume"])})
    json.dump(decide(claim).to_dict(), sys.stdout)


if __name__ == "__main__":
    main()
