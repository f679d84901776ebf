"""The tests themselves stay offline."""

from __future__ import annotations

import socket

import pytest
import pytest_socket


@pytest.mark.filterwarnings("ignore:A test tried to use")
def test_a_test_cannot_reach_the_network():
    with socket.socket() as plug:
        plug.settimeout(2)
        with pytest.raises(pytest_socket.SocketConnectBlockedError):
            plug.connect(("192.0.2.1", 80))


def test_a_test_can_reach_this_machine():
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname(), timeout=2).close()


def test_a_test_in_a_learners_folder_works_there(learner):
    from nutgraf.paths import learner_folder

    assert learner_folder() == learner.resolve()
