locals {
  enters = { plan = var.plan_execution_roles, apply = var.execution_roles, close = var.execution_roles }

  # Inline, so that nobody can hang them elsewhere; AWS allows 10,240 characters for all of a role.
  policies = { for role in local.roles : role => [for statement in concat(
    [{
      Sid      = "Organization"
      Effect   = "Allow"
      Action   = local.permissions[role].management
      Resource = "*"
    }],
    var.control_tower ? [{
      Sid      = "ControlTower"
      Effect   = "Allow"
      Action   = local.permissions[role].control_tower
      Resource = "*"
    }] : [],
    [{
      Sid       = "Accounts"
      Effect    = "Allow"
      Action    = ["sts:AssumeRole"]
      Resource  = [for name in local.enters[role] : "arn:${local.partition}:iam::*:role/${name}"]
      Condition = { StringEquals = { "aws:ResourceOrgID" = "$${aws:PrincipalOrgID}" } }
    }],
    [{
      Sid      = "Itself"
      Effect   = "Allow"
      Action   = ["sts:AssumeRole"]
      Resource = "${local.iam}:role/${var.name}-${role}"
    }],
    [for bucket in var.state_bucket[*] : {
      Sid      = "StateBucket"
      Effect   = "Allow"
      Action   = local.permissions[role].state_bucket
      Resource = "arn:${local.partition}:s3:::${bucket}"
    }],
    [for bucket in var.state_bucket[*] : {
      Sid      = "States"
      Effect   = "Allow"
      Action   = local.permissions[role].state_objects
      Resource = "arn:${local.partition}:s3:::${bucket}/${var.state_prefix}/*"
    }],
    # Terraform also looks for the state of no account, which is never there.
    [for bucket in var.state_bucket[*] : {
      Sid      = "StateOfNoAccount"
      Effect   = "Allow"
      Action   = ["s3:GetObject"]
      Resource = "arn:${local.partition}:s3:::${bucket}/customizations/*"
    }],
    var.state_bucket == null ? [] : [for key in var.state_key_arn[*] : {
      Sid      = "StateKey"
      Effect   = "Allow"
      Action   = role == "plan" ? ["kms:Decrypt"] : ["kms:Decrypt", "kms:GenerateDataKey"]
      Resource = key
    }],
  ) : statement if length(flatten([statement.Resource])) > 0] }
}

resource "aws_iam_role" "this" {
  for_each = local.roles

  name                 = "${var.name}-${each.key}"
  description          = "account-vending: ${each.key}"
  max_session_duration = each.key == "plan" ? 3600 : var.session_hours * 3600
  assume_role_policy   = jsonencode({ Version = "2012-10-17", Statement = local.trust[each.key] })
}

resource "aws_iam_role_policy" "this" {
  for_each = local.roles

  name   = each.key
  role   = aws_iam_role.this[each.key].name
  policy = jsonencode({ Version = "2012-10-17", Statement = local.policies[each.key] })
}

# https://docs.aws.amazon.com/controltower/latest/userguide/automated-provisioning-walkthrough.html
resource "aws_servicecatalog_principal_portfolio_association" "this" {
  for_each = var.account_factory_portfolio == null ? toset([]) : toset(["apply", "close"])

  portfolio_id   = var.account_factory_portfolio
  principal_arn  = aws_iam_role.this[each.key].arn
  principal_type = "IAM"
}
