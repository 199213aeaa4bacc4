"""An organization in memory behind the same protocol: for tests of everything above the door, and for nothing else.

It imports no SDK, knows no time, and does the same every time. What it must do is what the contract suite asks of every
backend; it does not imitate AWS (the sandbox does).
"""

from pipeline.provisioners.memory.organization import MemoryAccount, MemoryOrganization
from pipeline.provisioners.memory.provisioner import MemoryProvisioner

__all__ = ["MemoryAccount", "MemoryOrganization", "MemoryProvisioner"]
