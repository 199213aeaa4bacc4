output "roles" {
  description = "ARNs of the roles. Set plan and apply as roles of vending.yaml; the workflows take all three as variables."
  value       = { for role in local.roles : role => "${local.iam}:role/${var.name}-${role}" }
}

output "state_bucket" {
  description = "The bucket for customizations.state of vending.yaml."
  value       = var.state_bucket
}

output "member_policy" {
  description = "What a role of your own inside accounts needs in place of OrganizationAccountAccessRole; customizations need what their Terraform does besides."
  value = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = local.permissions.apply.member, Resource = "*" }]
  })
}
