"""On PYTHONPATH, this keeps a whole Python process, kernel included, off the network.

Python imports a module of this name when it starts. An audit hook cannot be taken out again and
sees every way to a socket; this machine itself stays reachable, since kernels talk over it.
"""

import ipaddress
import sys

_HOST_FIRST = {"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"}
_ADDRESS_SECOND = {"socket.connect", "socket.sendto", "socket.sendmsg"}


def _is_here(host: object) -> bool:
    if host in (None, "", b"", "localhost", b"localhost"):
        return True
    if isinstance(host, bytes):
        host = host.decode("ascii", "replace")
    try:
        address = ipaddress.ip_address(str(host).partition("%")[0])
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def _refuse_the_network(event: str, arguments: tuple) -> None:
    if event in _HOST_FIRST:
        host = arguments[0]
    elif event in _ADDRESS_SECOND and isinstance(arguments[1], tuple):
        host = arguments[1][0]
    else:
        return
    if not _is_here(host):
        raise PermissionError(f"{event}: {host!r}: the kit's notebooks work offline")


sys.addaudithook(_refuse_the_network)
