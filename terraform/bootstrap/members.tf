# The role that plans enter accounts with, in every account of the units that are named.

locals {
  member_read_role = try(var.plan_execution_roles[0], "AccountVendingRead")
  member_template = {
    AWSTemplateFormatVersion = "2010-09-09"
    Description              = "The role that plans of account-vending read this account with."
    Resources = { Role = {
      Type = "AWS::IAM::Role"
      Properties = {
        RoleName          = local.member_read_role
        ManagedPolicyArns = var.member_read_policies
        AssumeRolePolicyDocument = {
          Version = "2012-10-17"
          Statement = [{
            Effect    = "Allow"
            Action    = "sts:AssumeRole"
            Principal = { AWS = "${local.iam}:root" }
            Condition = { ArnEquals = { "aws:PrincipalArn" = "${local.iam}:role/${var.name}-plan" } }
          }]
        }
        Policies = [{
          PolicyName = "reads"
          PolicyDocument = {
            Version   = "2012-10-17"
            Statement = [{ Effect = "Allow", Action = local.permissions.plan.member, Resource = "*" }]
          }
        }]
      }
    } }
  }
}

resource "aws_cloudformation_stack_set" "member_read" {
  count = length(var.member_read_role_units) == 0 ? 0 : 1

  name             = "${var.name}-read"
  description      = "The role that plans of account-vending read accounts with."
  permission_model = "SERVICE_MANAGED"
  capabilities     = ["CAPABILITY_NAMED_IAM"]
  template_body    = jsonencode(local.member_template)

  auto_deployment {
    enabled                          = true
    retain_stacks_on_account_removal = false
  }
  lifecycle {
    # AWS names the role of stack sets whose permissions it manages.
    ignore_changes = [administration_role_arn]
  }
}

resource "aws_cloudformation_stack_set_instance" "member_read" {
  count = length(aws_cloudformation_stack_set.member_read)

  stack_set_name = aws_cloudformation_stack_set.member_read[0].name
  deployment_targets {
    organizational_unit_ids = var.member_read_role_units
  }
}
