"""
Sandbox of a process that reads untrusted bytes: no new privileges, programs, network or other processes.

By Linux's no_new_privs and a seccomp filter, on the processors whose call numbers are listed; elsewhere only the limits of
the child hold. Threads, memory, files that are open already and sockets that are connected already stay.
"""

import ctypes
import errno
import platform
import struct
import sys

SET_NO_NEW_PRIVS, SET_SECCOMP, FILTER = 38, 22, 2  # linux/prctl.h, linux/seccomp.h
LOAD, JUMP_IF_EQUAL, JUMP_FROM, RETURN = 0x20, 0x15, 0x35, 0x06  # linux/bpf_common.h
FOREIGN_NUMBERS_FROM = 0x40000000  # x32's, on the same machine
ALLOW, REFUSE, KILL = 0x7FFF0000, 0x00050000 | errno.EPERM, 0x80000000
# By machine: its audit number, and the numbers of what is refused, in the order of REFUSED.
REFUSED = (
    "socket", "socketpair", "connect", "bind", "listen", "accept", "accept4", "execve", "execveat", "ptrace",
    "process_vm_readv", "process_vm_writev", "kill", "tkill", "mount", "umount2", "unshare", "setns", "bpf", "keyctl",
    "add_key", "request_key", "perf_event_open", "userfaultfd", "io_uring_setup", "pidfd_open", "unlink", "unlinkat",
    "rename", "renameat", "renameat2", "mkdir", "mkdirat", "chmod", "fchmodat", "chown", "fchownat",
)  # fmt: skip
NUMBERS: dict[str, tuple[int, tuple[int | None, ...]]] = {
    "x86_64": (0xC000003E, (
        41, 53, 42, 49, 50, 43, 288, 59, 322, 101, 310, 311, 62, 200, 165, 166, 272, 308, 321, 250, 248, 249, 298, 323,
        425, 434, 87, 263, 82, 264, 316, 83, 258, 90, 268, 92, 260,
    )),
    "aarch64": (0xC00000B7, (
        198, 199, 203, 200, 201, 202, 242, 221, 281, 117, 270, 271, 129, 130, 40, 39, 97, 268, 280, 219, 217, 218, 241, 282,
        425, 434, None, 35, None, 38, 276, None, 34, None, 53, None, 54,
    )),
}  # fmt: skip


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def confine() -> bool:
    """Enter the sandbox, for good, for this thread and those it starts. Whether the filter is installed."""
    if sys.platform != "linux":
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    known = NUMBERS.get(platform.machine())
    if known is None:
        return False
    code = _filter(*known)
    program = _Program(len(code) // 8, code)
    return bool(libc.prctl(SET_SECCOMP, FILTER, ctypes.byref(program), 0, 0) == 0)


def _filter(machine: int, numbers: tuple[int | None, ...]) -> bytes:
    """
    A classic BPF program over struct seccomp_data (number at 0, machine at 4).

    A call by another machine's numbers ends the process: it would pass by the list.
    """
    refused = [number for number in numbers if number is not None]
    code = [
        _instruction(LOAD, 4),
        _instruction(JUMP_IF_EQUAL, machine, 1, 0),
        _instruction(RETURN, KILL),
        _instruction(LOAD, 0),
        _instruction(JUMP_FROM, FOREIGN_NUMBERS_FROM, len(refused) + 1, 0),
    ]
    code += [_instruction(JUMP_IF_EQUAL, number, len(refused) - at, 0) for at, number in enumerate(refused)]
    return b"".join([*code, _instruction(RETURN, ALLOW), _instruction(RETURN, REFUSE)])


def _instruction(code: int, operand: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("=HBBI", code, if_true, if_false, operand)
