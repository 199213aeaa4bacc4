"""Who carries out which change: the provisioner what is about the organization, Terraform what is inside of accounts."""

from dataclasses import dataclass

from pipeline.app.customizing import Customizations
from pipeline.model.change import Change, CustomizeAccount
from pipeline.model.operation import Facts, Lane, Operation, Result
from pipeline.provisioners.protocol import Provisioner


@dataclass(frozen=True, slots=True, kw_only=True)
class Carriers:
    """`customizations` is None where there are none: then no change asks for one."""

    provisioner: Provisioner
    customizations: Customizations | None = None

    def expand(self, change: Change) -> tuple[Operation, ...]:
        if isinstance(change, CustomizeAccount):
            return self._customizing.expand(change)
        return self.provisioner.expand(change)

    def perform(self, operation: Operation, facts: Facts) -> Result:
        if operation.lane is Lane.TERRAFORM:
            return self._customizing.perform(operation, facts)
        return self.provisioner.perform(operation, facts)

    @property
    def _customizing(self) -> Customizations:
        if self.customizations is None:
            raise RuntimeError("a customization is to be carried out, and there are none")
        return self.customizations
