from __future__ import annotations

import importlib.resources
import re

import pytest

from onelayer.reporting.document import KINDS, plotly_script, with_kinds

SCRIPT = (
    'var a=w((x,m)=>{"use strict";m.exports=A()});var A=w((y,n)=>{n.exports={moduleType:"trace",name:"bar",z:1}});'
    'var $b=w((x,m)=>{m.exports={moduleType:"trace",name:"map"}});var c=w((x,m)=>{m.exports={moduleType:"trace",'
    'name:"heatmap"}});var core=w((x,m)=>{m.register([a(),$b(),c()]);m.exports=core()});'
)


def whole():
    return (importlib.resources.files("plotly") / "package_data" / "plotly.min.js").read_text(encoding="utf-8")


def test_only_the_kinds_asked_for_are_set_up():
    assert with_kinds(SCRIPT, frozenset({"heatmap"})) == SCRIPT.replace("a(),$b(),c()", "c()")
    assert with_kinds(SCRIPT, frozenset({"bar", "map"})) == SCRIPT.replace("a(),$b(),c()", "a(),$b()")


@pytest.mark.parametrize(
    "script", [SCRIPT.replace('"bar"', '"bars"'), SCRIPT.replace("register", "enter"), "", "([a()])"]
)
def test_a_script_in_which_they_are_not_found_stays_as_it_is(script):
    assert with_kinds(script, KINDS) == script


def test_they_are_found_in_the_script_of_the_package():
    before, after = whole(), plotly_script()
    listed = re.search(r"\.register\(\[([^\]]*)\]\)", after)[1].split(",")
    assert len(listed) == len(KINDS)
    removed = len(before) - len(after)
    start = after.index(".register([")
    assert removed > 0
    assert after[:start] == before[:start]
    assert after[-1000:] == before[-1000:]
