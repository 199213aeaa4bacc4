# Reading for auditors, and nothing else: the boundary is the same policy, so one that is attached later allows nothing more.
data "aws_partition" "current" {}

data "aws_iam_policy_document" "audit_trust" {
  count = length(var.auditors) > 0 ? 1 : 0

  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "AWS"
      identifiers = var.auditors
    }
  }
}

locals {
  security_audit = "arn:${data.aws_partition.current.partition}:iam::aws:policy/SecurityAudit"
}

resource "aws_iam_role" "audit" {
  count = length(var.auditors) > 0 ? 1 : 0

  name                 = "vend-audit"
  description          = "Reads the configuration of the account, for auditors"
  assume_role_policy   = data.aws_iam_policy_document.audit_trust[0].json
  permissions_boundary = local.security_audit
  max_session_duration = 3600
}

resource "aws_iam_role_policy_attachment" "audit" {
  count = length(var.auditors) > 0 ? 1 : 0

  role       = aws_iam_role.audit[0].name
  policy_arn = local.security_audit
}
