"""The first Ctrl-C asks, the second insists, and afterwards all is as before."""

from __future__ import annotations

import signal
import threading

import pytest

from onelayer.training.interruption import Interruption


def press():
    signal.raise_signal(signal.SIGINT)


def test_first_is_a_request():
    with Interruption() as interruption:
        assert not interruption.requested
        press()
        assert interruption.requested


def test_second_is_a_keyboard_interrupt():
    with Interruption():
        press()
        with pytest.raises(KeyboardInterrupt):
            press()


@pytest.mark.parametrize("pressed", [False, True])
def test_handler_is_given_back(pressed):
    with Interruption():
        if pressed:
            press()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_handler_of_the_program_stays():
    heard = []
    previous = signal.signal(signal.SIGINT, lambda number, frame: heard.append(number))
    try:
        with Interruption() as interruption:
            press()
    finally:
        signal.signal(signal.SIGINT, previous)
    assert (heard, interruption.requested) == ([signal.SIGINT], False)


def test_other_threads_leave_signals_alone():
    kept = []

    def work():
        with Interruption():
            kept.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert kept == [signal.default_int_handler]
