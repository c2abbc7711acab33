"""Reproductions: the protocols of reports as data, run again, each figure beside what was published."""

from onelayer.reproduce.page import write_page
from onelayer.reproduce.protocol import Protocol
from onelayer.reproduce.protocol_file import REPORTS, load_protocol, packaged_protocol, parse_protocol
from onelayer.reproduce.quantities import Row, shown_row
from onelayer.reproduce.reproduction import ReportResults, Reproduction, reproduce

__all__ = [
    "REPORTS",
    "Protocol",
    "ReportResults",
    "Reproduction",
    "Row",
    "load_protocol",
    "packaged_protocol",
    "parse_protocol",
    "reproduce",
    "shown_row",
    "write_page",
]
