"""What `credential_process` runs: asks the run that started Terraform for a session, and prints it.

A script on its own, which imports nothing of ours: it starts for every configured provider, in 20 ms. Arguments: the
socket and the name of the profile. https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html
"""

import socket
import sys


def main(place: str, profile: str) -> int:
    """Write the session as the SDKs want it; 1, and the reason on the error output, if there is none to have."""
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(90)
            connection.connect(place)
            connection.sendall(profile.encode() + b"\n")
            answer = b"".join(iter(lambda: connection.recv(65_536), b""))
    except OSError as error:
        sys.stderr.write(f"the run that hands out this session is gone: {error}\n")
        return 1
    status, _, text = answer.partition(b"\n")
    (sys.stdout if status == b"ok" else sys.stderr).write(text.decode())
    return 0 if status == b"ok" else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
