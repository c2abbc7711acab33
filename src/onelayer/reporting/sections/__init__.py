"""The sections of a report, in order: the one place where they are entered.

To add one, write a function from :class:`onelayer.reporting.data.ReportData` to
:class:`onelayer.reporting.section.Content` and enter it here.
"""

from __future__ import annotations

from typing import Final

from onelayer.reporting.data import ReportData
from onelayer.reporting.section import Section
from onelayer.reporting.sections.classes import calibration_content, classes_content, confusion_content
from onelayer.reporting.sections.curves import curves_content, trends_content
from onelayer.reporting.sections.images import images_content, weights_content
from onelayer.reporting.sections.origin import data_content, repeat_content
from onelayer.reporting.sections.result import result_content
from onelayer.reporting.sections.sweep import sweep_content

__all__ = ["SECTIONS"]

SECTIONS: Final[list[Section[ReportData]]] = [
    Section("result", "Result", result_content, "result.html.j2"),
    Section("sweep", "What was tried", sweep_content, "sweep.html.j2"),
    Section("curves", "Learning curves", curves_content),
    Section("confusion", "Which classes are confused", confusion_content, "confusion.html.j2"),
    Section("classes", "Class by class", classes_content),
    Section("weights", "What each class looks for", weights_content, "weights.html.j2"),
    Section("images", "Errors and certainties", images_content, "images.html.j2"),
    Section("calibration", "Calibration", calibration_content),
    Section("trends", "Weights and learning rate over time", trends_content),
    Section("data", "The data", data_content, "data.html.j2"),
    Section("repeat", "Repeat it", repeat_content, "repeat.html.j2"),
]
